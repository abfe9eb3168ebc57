import type {PackedLayout} from './packedOperand.ts';

/**
 * The codes at one position of a group, by neuron. `kernelWords` describes the layout of the words.
 * @param group the index of the group, counted over all problems
 * @param k the index of the code in its group
 */
export function codesAt(
  {neurons, bits, perRun, wordsPerRun, runs}: PackedLayout,
  words: ArrayLike<number>,
  group: number,
  k: number,
): (neuron: number) => number {
  const bit = (k % perRun) * bits;
  const word = ((group * runs + Math.floor(k / perRun)) * wordsPerRun + (bit >>> 5)) * neurons;
  return (n) => {
    const low = words[word + n] >>> (bit & 31);
    const high = (bit & 31) + bits > 32 ? words[word + neurons + n] << (32 - (bit & 31)) : 0;
    return (low | high) & (2 ** bits - 1);
  };
}
