import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {backend, dispose, engine, neg, type Tensor, tensor1d, tensor2d, tensor3d, tidy} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
import {carriedDrift, carriedDriftInvocations} from '../../../plugins/webgpu/path/carriedDrift.ts';
import {defineProgram, runProgram} from '../../../plugins/webgpu/program.ts';
import {BackendError} from '../../../src/errors.ts';
import {matrix} from '../../../src/numerics/linalg/matrix.ts';
import {seedKey} from '../../../src/numerics/random.ts';
import {FOLLOW_PATH, maxBufferBytes, pathFollower} from '../../../src/ops/followPath.ts';
import {backendAttrs, backendInputs} from '../../../src/ops/kernel.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {expectSamePath, testPathKernel} from '../../support/kernels/pathKernelTests.ts';
import {choiceOf, expectedPath, pathProblem} from '../../support/kernels/pathProblems.ts';
import {testPhilox} from '../../support/kernels/philoxTests.ts';

const ONE_NEURON = {levels: 4, rounding: 'stochastic', granularity: 'channel', scaling: 1, path: 1} as const;

describe('plugins/webgpu', () => {
  onBackends(['webgpu'], () => {
    testPhilox();
    testPathKernel([1, 9, 127, 128, 129, 300], [4, 5, 64]);

    it('the kernel follows 257 neurons, of which the last is in a workgroup of its own', async () => {
      const problem = pathProblem(130, 257, 1);
      const choice = choiceOf(problem, ONE_NEURON);
      const follower = pathFollower(problem.aligned, problem.feedback);
      expect(follower.kernel).to.equal('webgpu');
      expectSamePath(await follower.follow(choice), expectedPath(problem, choice), problem);
      follower.dispose();
    });

    it('the kernel, called directly, follows a single neuron', async () => {
      const problem = pathProblem(300, 1, 1);
      const {scales, seed, ...choice} = choiceOf(problem, ONE_NEURON);
      const inputs = {
        aligned: tensor2d(Float32Array.from(problem.aligned.data), [300, 1]),
        feedback: tensor2d(Float32Array.from(problem.feedback.data), [300, 300]),
        steps: tensor1d(Float32Array.from(scales.steps)),
        inverseSteps: tensor1d(Float32Array.from(scales.steps, (step) => 1 / step)),
      };
      const attrs = {...choice, groupSize: scales.groupSize, key: seedKey(seed)};
      const [codes, drift] = engine().runKernel<Tensor[]>(FOLLOW_PATH, backendInputs(inputs), backendAttrs(attrs));
      expect([codes.dtype, drift.dtype]).to.deep.equal(['float32', 'float32']);
      expect(Int16Array.from(await codes.data())).to.deep.equal(
        expectedPath(problem, choiceOf(problem, ONE_NEURON)).codes,
      );
      [codes, drift, ...Object.values(inputs)].forEach((tensor) => tensor.dispose());
    });

    it('a step of 0 gives code 0 with either rounding', async () => {
      const problem = {aligned: matrix(6, 4), feedback: pathProblem(6, 4, 1).feedback};
      const follower = pathFollower(problem.aligned, problem.feedback);
      for (const rounding of ['nearest', 'stochastic'] as const) {
        const {codes} = await follower.follow(choiceOf(problem, {...ONE_NEURON, rounding}));
        expect(codes).to.deep.equal(new Int16Array(24));
      }
      follower.dispose();
    });

    it('a program reaches indices beyond 65,535 workgroups', async () => {
      const size = 65_536 * 64 + 1;
      const output = engine().makeTensorFromTensorInfo(webgpu().makeTensorInfo([size], 'int32'));
      runProgram(webgpu(), countingProgram, {inputs: {}, uniforms: {count: size}, invocations: size, output});
      const values = await output.data();
      output.dispose();
      expect(values.findIndex((value, i) => value !== i)).to.equal(-1);
    });

    it('carriedDrift writes the drift of its features, and nothing else', async () => {
      const [features, neurons, first, last] = [134, 65, 128, 133];
      const plane = features * neurons;
      const before = Float32Array.from({length: 3 * plane}, (_, i) => i % 5); // small integers: exact sums
      const factors = Float32Array.from({length: features * features}, (_, i) => i % 3);
      const feedback = tensor2d(factors, [features, features]);
      // Made on the device: a program writes only into what is there.
      const pathState = tidy(() => neg(neg(tensor3d(before, [3, features, neurons]))));
      runProgram(webgpu(), carriedDrift, {
        inputs: {feedback},
        uniforms: {features, neurons, first, last},
        invocations: carriedDriftInvocations(last - first, neurons),
        output: pathState,
      });
      const expected = before.slice();
      for (let i = first * neurons; i < last * neurons; i++) {
        const t = Math.floor(i / neurons);
        expected[i] = 0;
        for (let s = 0; s < first; s++)
          expected[i] += factors[t * features + s] * before[plane + s * neurons + (i % neurons)];
      }
      expect(await pathState.data()).to.deep.equal(expected);
      dispose([feedback, pathState]);
    });

    it('requireWebGPU() leaves webgpu active', async () => {
      await requireWebGPU();
      expect(engine().backendName).to.equal('webgpu');
    });

    it('pathFollower with `strict` takes the kernel', () => {
      const {aligned, feedback} = pathProblem(9, 4, 1);
      const follower = pathFollower(aligned, feedback, {strict: true});
      expect(follower.kernel).to.equal('webgpu');
      follower.dispose();
    });

    it('pathFollower leaves matrices too large for the device to the reference, or refuses them with `strict`', () => {
      const {aligned, feedback} = pathProblem(9, 4, 1);
      const follower = pathFollower(aligned, feedback, {maxBytes: 4 * 9 * 9 - 1});
      expect(follower.kernel).to.equal('reference');
      follower.dispose();
      expect(() => pathFollower(aligned, feedback, {strict: true, maxBytes: 323})).to.throw(
        BackendError,
        "expected matrices of at most 323 bytes, which the device of 'webgpu' can bind, got 324 for 9 features",
      );
      expect(maxBufferBytes()).to.be.within(2 ** 27, 2 ** 40);
    });
  });

  onBackends(['cpu'], () => {
    it('pathFollower with `strict` throws where there is no kernel, and names the import', () => {
      const {aligned, feedback} = pathProblem(9, 4, 1);
      expect(() => pathFollower(aligned, feedback, {strict: true})).to.throw(
        BackendError,
        "import 'tfjs-compress/plugins/webgpu'",
      );
    });
  });

  it('requireWebGPU() without an adapter tells what to do, and leaves the backend as it was', async () => {
    const printed = await runModule(`
      import '@tensorflow/tfjs-backend-cpu';
      import {getBackend, setBackend} from '@tensorflow/tfjs-core';
      import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
      await setBackend('cpu');
      await requireWebGPU().catch((error) => console.log(error.name, error.message));
      console.log(getBackend());`);
    expect(printed).to.match(/^BackendError requireWebGPU: expected tfjs to activate the backend 'webgpu', found no/);
    expect(printed).to.include('in Node, call useWebGPU()');
    expect(printed.trim().split('\n').at(-1)).to.equal('cpu');
  });
});

const countingProgram = defineProgram({
  shaderKey: 'test_counting',
  inputs: [],
  uniforms: {count: 'i32'},
  code: /* wgsl */ `
    fn main(index : i32) {
      if (index < uniforms.count) { result[index] = index; }
    }`,
});

function webgpu(): WebGPUBackend {
  return backend() as WebGPUBackend;
}

async function runModule(source: string): Promise<string> {
  const {stdout} = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '--eval',
    source,
  ]);
  return stdout;
}
