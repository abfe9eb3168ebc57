import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {backend, engine, tensor1d} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {philox} from '../../../plugins/webgpu/path/philox.ts';
import {defineProgram, runProgram} from '../../../plugins/webgpu/program.ts';
import {philox4x32, type PhiloxWords, seedKey, uniformAt} from '../../../src/numerics/random.ts';

const COUNTERS = 5000;

/** Four words and the bits of four uniform numbers for every counter. */
const wordsAndUniforms = defineProgram({
  shaderKey: 'test_wordsAndUniforms',
  inputs: ['counters'],
  uniforms: {key0: 'u32', key1: 'u32', count: 'i32'},
  code: /* wgsl */ `
    ${philox}
    fn main(index : i32) {
      if (index >= uniforms.count) { return; }
      let i = 4 * index;
      let counter = bitcast<vec4<u32>>(vec4<i32>(counters[i], counters[i + 1], counters[i + 2], counters[i + 3]));
      let words = philox4x32(counter, vec2<u32>(uniforms.key0, uniforms.key1));
      for (var word = 0; word < 4; word++) {
        result[2 * i + word] = bitcast<i32>(words[word]);
        result[2 * i + 4 + word] = bitcast<i32>(toUniform(words[word]));
      }
    }`,
});

/** The WGSL generator against its TypeScript counterpart; for use inside `onBackends(['webgpu'], …)`. */
export function testPhilox(): void {
  for (const seed of [0, 1, 2 ** 32 - 1, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER]) {
    it(`philox4x32 on the device equals its counterpart: ${COUNTERS} counters, seed ${seed}`, async () => {
      const counters = Array.from({length: COUNTERS}, (_, i) => counterAt(i));
      const {words, uniforms} = await onDevice(counters, seedKey(seed));
      expect(words).to.deep.equal(Uint32Array.from(counters.flatMap((counter) => philox4x32(counter, seedKey(seed)))));
      expect(uniforms).to.deep.equal(
        Float32Array.from(
          counters.flatMap(([block, neuron, layer, path]) =>
            [0, 1, 2, 3].map((k) => uniformAt(seed, layer, 4 * block + k, neuron, path)),
          ),
        ),
      );
    });
  }
}

/** Small and large words at each position; the first is a quarter of a feature, and so below 2³⁰. */
function counterAt(i: number): PhiloxWords {
  if (i < COUNTERS / 2) return [i >>> 4, i & 15, i % 7, i % 3];
  const [a, b, c, d] = philox4x32([i, 0, 0, 0], [1, 2]);
  return [a >>> 3, b, c, d];
}

async function onDevice(
  counters: readonly PhiloxWords[],
  [key0, key1]: readonly [number, number],
): Promise<{words: Uint32Array; uniforms: Float32Array}> {
  const webgpu = backend() as WebGPUBackend;
  const input = tensor1d(Int32Array.from(counters.flat()), 'int32');
  const output = engine().makeTensorFromTensorInfo(webgpu.makeTensorInfo([COUNTERS, 8], 'int32'));
  runProgram(webgpu, wordsAndUniforms, {
    inputs: {counters: input},
    uniforms: {key0, key1, count: COUNTERS},
    invocations: COUNTERS,
    output,
  });
  const bits = await output.data<'int32'>();
  input.dispose();
  output.dispose();
  const halves = (first: number) =>
    Int32Array.from(counters.flatMap((_, i) => Array.from(bits.subarray(8 * i + first, 8 * i + first + 4))));
  return {words: new Uint32Array(halves(0).buffer), uniforms: new Float32Array(halves(4).buffer)};
}
