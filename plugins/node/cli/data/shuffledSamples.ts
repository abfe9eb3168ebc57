import {uniformAt} from 'tfjs-compress/numerics';

/** The numbers of all samples in a random order that depends on nothing but the seed. */
export function shuffledSamples(count: number, seed: number): number[] {
  const keys = Float64Array.from({length: count}, (_, i) => uniformAt(seed, 0, i, 0));
  return Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b] || a - b);
}
