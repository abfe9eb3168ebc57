import {type Matrix, matrix} from '../linalg/matrix.ts';
import type {Packing, UnpackedMatrices} from './packing.ts';

/** The weights, one matrix per problem: step · (code + origin) + offset in float32, exactly 0 where pruned. */
export function unpackWeights(
  {problems, features, neurons, letters}: Packing,
  {codes, values, steps, offsets, mask}: UnpackedMatrices,
): Matrix[] {
  const size = features * neurons;
  return Array.from({length: problems}, (_, p) => {
    const weights = matrix(features, neurons);
    if (!letters || !codes || !steps) {
      if (values) weights.data.set(values.subarray(p * size, (p + 1) * size));
      return weights;
    }
    const groups = Math.ceil(features / letters.groupSize);
    for (let t = 0; t < features; t++) {
      const row = (p * groups + Math.floor(t / letters.groupSize)) * neurons;
      for (let n = 0; n < neurons; n++) {
        const i = p * size + t * neurons + n;
        if (mask?.[i] === 0) continue;
        const value = steps[row + n] * (codes[i] + letters.origin);
        weights.data[t * neurons + n] = Math.fround(offsets ? value + offsets[row + n] : value);
      }
    }
    return weights;
  });
}
