import {type Tensor, tensor} from '@tensorflow/tfjs-core';

const MAX_SAMPLES = 32;
const MAX_BYTES = 2 ** 24;

/**
 * Samples as batches of float32, of at most 32 samples and about 16 MiB; only one batch is held at a time.
 * @param shape of one sample
 * @param read the values of one sample
 */
export async function* tensorBatches(
  samples: readonly number[],
  shape: readonly number[],
  read: (sample: number) => Promise<Float32Array>,
): AsyncIterable<Tensor> {
  const size = shape.reduce((product, length) => product * length, 1);
  const max = Math.max(1, Math.min(MAX_SAMPLES, Math.floor(MAX_BYTES / (4 * size))));
  for (let start = 0; start < samples.length; start += max) {
    const batch = samples.slice(start, start + max);
    const values = new Float32Array(batch.length * size);
    for (const [i, sample] of batch.entries()) values.set(await read(sample), i * size);
    yield tensor(values, [batch.length, ...shape], 'float32');
  }
}
