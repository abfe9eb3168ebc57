import type {WebGPUBackend, WebGPUProgram} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {defineProgram, runProgram} from '../../../plugins/webgpu/program.ts';

const scaling = defineProgram({
  shaderKey: 'test_scaling',
  inputs: ['x'],
  uniforms: {size: 'i32', scale: 'f32', seed: 'u32'},
  code: '',
});

const output: TensorInfo = {dataId: {}, shape: [130], dtype: 'float32'};

describe('runProgram', () => {
  it('hands tfjs each uniform with its type, in the order of the list', () => {
    const {program, uniforms} = recordRun((backend) =>
      runProgram(backend, scaling, {
        inputs: {x: output},
        uniforms: {seed: 2 ** 32 - 1, size: 130, scale: 0.5},
        invocations: 130,
        output,
      }),
    );
    expect(program.uniforms).to.equal('size : i32, scale : f32, seed : u32,');
    expect(uniforms).to.deep.equal([
      {type: 'int32', data: [130]},
      {type: 'float32', data: [0.5]},
      {type: 'uint32', data: [2 ** 32 - 1]},
    ]);
  });

  it('takes as many workgroups of 64 as its invocations fill', () => {
    const {program} = recordRun((backend) =>
      runProgram(backend, scaling, {
        inputs: {x: output},
        uniforms: {size: 130, scale: 1, seed: 1},
        invocations: 130,
        output,
      }),
    );
    expect(program.dispatch).to.deep.equal([3, 1, 1]);
  });

  it('does not compile with a uniform missing, of another type, or too many, nor with a buffer missing', () => {
    const inputs = {x: output};
    const rest = {inputs, invocations: 1, output};
    const uniforms = {size: 1, scale: 1, seed: 1};
    const calls = (backend: WebGPUBackend): void => {
      runProgram(backend, scaling, {...rest, uniforms});
      // @ts-expect-error seed is missing
      runProgram(backend, scaling, {...rest, uniforms: {size: 1, scale: 1}});
      // @ts-expect-error scale is a text
      runProgram(backend, scaling, {...rest, uniforms: {...uniforms, scale: '1'}});
      // @ts-expect-error the program has no offset
      runProgram(backend, scaling, {...rest, uniforms: {...uniforms, offset: 1}});
      // @ts-expect-error x is missing
      runProgram(backend, scaling, {...rest, uniforms, inputs: {}});
      // @ts-expect-error f64 is no type of WGSL
      defineProgram({...scaling, uniforms: {size: 'f64'}});
    };
    expect(calls).to.be.a('function'); // tsc checks the lines above
  });
});

/** What a run hands to tfjs's backend. */
function recordRun(run: (backend: WebGPUBackend) => void) {
  const calls: {program: WebGPUProgram; uniforms: unknown}[] = [];
  const backend = {
    runWebGPUProgram: (program: WebGPUProgram, _inputs: unknown, _dtype: unknown, uniforms: unknown) => {
      calls.push({program, uniforms});
    },
  };
  run(backend as unknown as WebGPUBackend);
  expect(calls).to.have.length(1);
  return calls[0];
}
