import {formatValue, OptionError} from '../errors.ts';
import type {Granularity} from '../numerics/scales/scales.ts';
import {type Alphabet, type AlphabetLayout, type Bits, uniformAlphabet} from '../numerics/stochastic/alphabet.ts';
import {integer, oneOf, type OptionRule} from '../options.ts';

const LAYOUTS: readonly AlphabetLayout[] = ['symmetric', 'midrise', 'twosComplement'];

/** The rule of the option `bits`. */
export const bitsRule: OptionRule<Bits | undefined> = {
  fallback: undefined,
  expected: "an integer from 1 to 8 or 'ternary'",
  accepts: (bits) => bits === 'ternary' || (Number.isInteger(bits) && Number(bits) >= 1 && Number(bits) <= 8),
};

/** The rule of the option `levels`. */
export const levelsRule = integer<number | undefined>(undefined, 2, 256);

/** The rule of the option `layout`. */
export const layoutRule = oneOf<AlphabetLayout | undefined>(undefined, LAYOUTS);

/** The rule of the option `granularity`. */
export const granularityRule: OptionRule<Granularity> = {
  fallback: 'channel',
  expected: "'tensor', 'channel' or {group: an integer from 1 up}",
  accepts: isGranularity,
};

/** The rule of the option `scaling`. */
export const scalingRule: OptionRule<number | 'auto' | undefined> = {
  fallback: undefined,
  expected: "a finite number from 1 up, or 'auto'",
  accepts: (value) => value === 'auto' || (typeof value === 'number' && value >= 1 && value < Infinity),
};

/** Options that choose the letters. */
interface AlphabetOptions {
  readonly bits: Bits | undefined;
  readonly levels: number | undefined;
  readonly layout: AlphabetLayout | undefined;
}

/**
 * The alphabet of some options.
 * @throws OptionError for a layout that the number of letters does not allow
 */
export function alphabetOf(where: string, {bits = 4, levels, layout}: AlphabetOptions): Alphabet {
  const size = levels !== undefined ? {levels} : {bits};
  const fitting = LAYOUTS.filter((one) => supportsLayout(size, one));
  if (layout === undefined) return uniformAlphabet(size);
  if (fitting.includes(layout)) return uniformAlphabet({...size, layout});
  const [[name, value]] = Object.entries(size);
  throw new OptionError(
    where,
    'layout',
    `${fitting.map(formatValue).join(' or ')} for ${name}: ${formatValue(value)}`,
    layout,
  );
}

function supportsLayout(size: {bits: Bits} | {levels: number}, layout: AlphabetLayout): boolean {
  try {
    return uniformAlphabet({...size, layout}).levels > 1;
  } catch {
    return false;
  }
}

function isGranularity(value: unknown): boolean {
  if (value === 'tensor' || value === 'channel') return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 1 &&
    'group' in value &&
    Number.isInteger(value.group) &&
    Number(value.group) >= 1
  );
}
