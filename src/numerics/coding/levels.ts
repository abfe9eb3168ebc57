import {packCodes, unpackCodes} from './bitStream.ts';

/**
 * Numbers from 0 to L − 1 in 32-bit words, in the denser of two encodings: as a stream of ⌈log₂ L⌉ bits each ({@link
 * packCodes}), or as digits, d = ⌊32 / log₂ L⌋ in a word, Σ digit_i · L^i. Three letters then take 1.6 bits instead of
 * 2, seven letters 2.91 instead of 3.
 * @param numbers integers from 0 to L − 1
 * @param levels L, 2 to 2^16
 * @returns {@link wordCountFor} words
 * @throws RangeError if a number is too large, with its index
 */
export function packLevels(numbers: ArrayLike<number>, levels: number): Uint32Array {
  const tooLarge = Array.prototype.findIndex.call(
    numbers,
    (number: number) => !(Number.isInteger(number) && number >= 0 && number < levels),
  );
  if (tooLarge >= 0)
    throw new RangeError(
      `packLevels: expected numbers from 0 to ${levels - 1}, got ${numbers[tooLarge]} at ${tooLarge}`,
    );
  if (!packsDigits(levels)) return packCodes(numbers, bitsOf(levels));
  const digits = digitsPerWord(levels);
  const words = new Uint32Array(wordCountFor(numbers.length, levels));
  for (let w = 0, k = 0; w < words.length; w++) {
    for (let i = 0, unit = 1; i < digits && k < numbers.length; i++, k++, unit *= levels) words[w] += numbers[k] * unit;
  }
  return words;
}

/**
 * The numbers that {@link packLevels} packed.
 * @param count how many
 * @throws RangeError if the number of words is wrong, or a word is one that `packLevels` never writes
 */
export function unpackLevels(words: Uint32Array, levels: number, count: number): Uint16Array {
  const expected = wordCountFor(count, levels);
  if (words.length !== expected)
    throw new RangeError(`expected ${expected} words for ${count} numbers below ${levels}, got ${words.length}`);
  const numbers = packsDigits(levels)
    ? unpackDigits(words, levels, count)
    : Uint16Array.from(unpackCodes(words, bitsOf(levels), count));
  const outside = numbers.findIndex((number) => number >= levels);
  if (outside >= 0)
    throw new RangeError(`expected numbers from 0 to ${levels - 1}, got ${numbers[outside]} at ${outside}`);
  if (!packsDigits(levels)) requireNoSpareBits(words, bitsOf(levels) * count);
  return numbers;
}

/** The number of words that `count` numbers below L take. */
export function wordCountFor(count: number, levels: number): number {
  return Math.ceil(packsDigits(levels) ? count / digitsPerWord(levels) : (count * bitsOf(levels)) / 32);
}

/** Whether digits are denser than bits. Above 256 levels there are no streams of bits. */
function packsDigits(levels: number): boolean {
  return levels > 256 || 32 / digitsPerWord(levels) < bitsOf(levels);
}

function bitsOf(levels: number): number {
  return Math.ceil(Math.log2(levels));
}

/** The largest d with L^d ≤ 2^32, in integers because logarithms round. */
function digitsPerWord(levels: number): number {
  let digits = 0;
  for (let product = levels; product <= 2 ** 32; product *= levels) digits++;
  return digits;
}

function unpackDigits(words: Uint32Array, levels: number, count: number): Uint16Array {
  const digits = digitsPerWord(levels);
  const numbers = new Uint16Array(count);
  for (let w = 0, k = 0; w < words.length; w++) {
    let rest = words[w];
    for (let i = 0; i < digits && k < count; i++, k++) {
      numbers[k] = rest % levels;
      rest = Math.floor(rest / levels);
    }
    if (rest !== 0) throw new RangeError(`expected word ${w} to hold digits below ${levels}, got ${words[w]}`);
  }
  return numbers;
}

function requireNoSpareBits(words: Uint32Array, used: number): void {
  const spare = used % 32;
  if (spare > 0 && words[words.length - 1] >>> spare !== 0)
    throw new RangeError(`expected only zeros after bit ${used}, got ${words[words.length - 1] >>> spare}`);
}
