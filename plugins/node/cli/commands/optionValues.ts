import {InvalidArgumentError} from 'commander';

/** Bits of a weight, as `spfqQuantize` takes them. */
export type BitsValue = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 'ternary';

/** What `--prune` says: a share of zeros, or n kept of every m. */
export type PruneValue = {readonly sparsity: number} | {readonly pattern: {readonly n: number; readonly m: number}};

const BITS: readonly BitsValue[] = [1, 2, 3, 4, 5, 6, 7, 8, 'ternary'];

/** @throws InvalidArgumentError */
export function bitsValue(text: string): BitsValue {
  const bits = BITS.find((one) => String(one) === text);
  if (bits === undefined) throw new InvalidArgumentError("Expected a whole number from 1 to 8, or 'ternary'.");
  return bits;
}

/** @throws InvalidArgumentError */
export function pruneValue(text: string): PruneValue {
  const expected = new InvalidArgumentError(
    'Expected the share of weights that become 0, as 0.5, or how many of every few neighbours are kept, as 2:4.',
  );
  const pattern = /^(\d+):(\d+)$/.exec(text);
  if (pattern) {
    const [n, m] = pattern.slice(1).map(Number);
    if (n < 1 || n >= m || m > 64) throw expected;
    return {pattern: {n, m}};
  }
  const sparsity = parseFinite(text);
  if (sparsity === undefined || sparsity <= 0 || sparsity >= 1) throw expected;
  return {sparsity};
}

/** @throws InvalidArgumentError */
export function rangeValue(text: string): readonly [number, number] {
  const [low, high, ...more] = text.split(',').map(parseFinite);
  if (low === undefined || high === undefined || more.length > 0 || low >= high)
    throw new InvalidArgumentError('Expected two numbers, the lower first, as 0,1 or -1,1 or 0,255.');
  return [low, high];
}

/** @throws InvalidArgumentError */
export function sizeValue(text: string): readonly [number, number] {
  const found = /^([1-9]\d{0,4})[x×]([1-9]\d{0,4})$/i.exec(text);
  if (!found) throw new InvalidArgumentError('Expected height and width in pixels, as 128x96.');
  return [Number(found[1]), Number(found[2])];
}

/** @throws InvalidArgumentError */
export function countValue(text: string): number {
  const count = parseFinite(text);
  if (count === undefined || !Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('Expected a whole number from 1 up.');
  return count;
}

/** @throws InvalidArgumentError */
export function seedValue(text: string): number {
  const seed = parseFinite(text);
  if (seed === undefined || !Number.isSafeInteger(seed) || seed < 0)
    throw new InvalidArgumentError('Expected a whole number from 0 up.');
  return seed;
}

/**
 * The place of a file or a folder. An empty one is that of a variable that is not set, and would be the working folder.
 * @throws InvalidArgumentError
 */
export function pathValue(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Expected a path, got an empty text.');
  return text;
}

/**
 * The place of a page. By its name it is no model, no data and no weights: those are not written over.
 * @throws InvalidArgumentError
 */
export function pageValue(text: string): string {
  if (!/[^/\\]\.html?$/i.test(text)) throw new InvalidArgumentError('Expected the name of an .html file.');
  return text;
}

/** Collects the values of an option that may be given more than once. */
export function collectOption(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

function parseFinite(text: string): number | undefined {
  const value = text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
