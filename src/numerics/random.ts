/** A counter of Philox, or the four random words that it becomes. */
export type PhiloxWords = readonly [number, number, number, number];

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;

/**
 * Philox4x32-10: 128 random bits as a pure function of a counter and a key.
 * Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3".
 * @param counter four unsigned 32-bit words
 * @param key two unsigned 32-bit words
 */
export function philox4x32(counter: PhiloxWords, key: readonly [number, number]): PhiloxWords {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIERS[0], c0);
    const low0 = Math.imul(MULTIPLIERS[0], c0);
    const high1 = multiplyHigh(MULTIPLIERS[1], c2);
    const low1 = Math.imul(MULTIPLIERS[1], c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL[0]) | 0;
    k1 = (k1 + WEYL[1]) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The upper word of the 64-bit product of two unsigned words; no partial sum reaches 2³². */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff,
    aHigh = a >>> 16;
  const bLow = b & 0xffff,
    bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/**
 * The random number that decides weight (feature, neuron) of a layer: uniform on [0, 1), a multiple of 2⁻²⁴,
 * and so exact in float32. Word `feature mod 4` of Philox at counter (⌊feature/4⌋, neuron, layer, path).
 * @param seed any integer below 2⁵³; its two words are the key
 * @param path which of several stochastic paths of the same neuron
 */
export function uniformAt(seed: number, layer: number, feature: number, neuron: number, path = 0): number {
  return toUniform(philox4x32([feature >>> 2, neuron, layer, path], seedKey(seed))[feature & 3]);
}

/**
 * {@link uniformAt} for one path, for callers that go through the features in order: computes every four words once.
 * @param neurons the range of neurons; the returned function counts them from 0
 */
export function uniformsOf(
  seed: number,
  layer: number,
  neurons: {readonly first: number; readonly count: number},
  path = 0,
): (feature: number, neuron: number) => number {
  const key = seedKey(seed);
  const words = new Float64Array(4 * neurons.count);
  let current = -1;
  return (feature, neuron) => {
    if (feature >>> 2 !== current) {
      current = feature >>> 2;
      for (let n = 0; n < neurons.count; n++) {
        const [w0, w1, w2, w3] = philox4x32([current, neurons.first + n, layer, path], key);
        words[4 * n] = toUniform(w0);
        words[4 * n + 1] = toUniform(w1);
        words[4 * n + 2] = toUniform(w2);
        words[4 * n + 3] = toUniform(w3);
      }
    }
    return words[4 * neuron + (feature & 3)];
  };
}

/** The two key words of a seed. */
export function seedKey(seed: number): readonly [number, number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** The upper 24 bits of a word as a number in [0, 1). */
function toUniform(word: number): number {
  return (word >>> 8) * 2 ** -24;
}
