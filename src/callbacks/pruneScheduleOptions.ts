import {OptionError} from '../errors.ts';
import type {CalibrateOptions} from '../operators/calibrate.ts';
import type {SpfqPruneOptions} from '../operators/pruneOptions.ts';
import {
  integer,
  number,
  type OptionRule,
  type OptionRules,
  requireObject,
  resolveOptions,
  seedRule,
} from '../options.ts';

/** The epochs and sparsities of pruning: a polynomial decay from `from` to `to`. */
export interface DecayOptions {
  /** The sparsity at epoch `begin`, from 0 up to `to`. Default 0. */
  readonly from?: number;
  /** The sparsity at epoch `end` and after it, between 0 and 1. */
  readonly to: number;
  /** The first epoch, counted from 1, at whose end it prunes. Default 1. */
  readonly begin?: number;
  /** The last epoch at whose end it prunes. */
  readonly end: number;
  /** Prunes at every n-th epoch from `begin` on, and at `end`. Default 1. */
  readonly every?: number;
  /** The exponent: 1 is linear; larger ones prune more in early epochs, while there is training left. Default 3. */
  readonly power?: number;
}

/** Options of {@link spfqPrune} other than the amount of pruning. */
type StageOptions = Omit<SpfqPruneOptions, 'sparsity' | 'threshold' | 'pattern' | 'seed'>;

/** How calibration data is read, as by {@link calibrate}. */
type ReadingOptions = Omit<CalibrateOptions, 'seed'>;

/**
 * Options of {@link pruneSchedule}: a decay, and options of {@link spfqPrune} and {@link calibrate} that it does not
 * set.
 */
export interface PruneScheduleOptions extends DecayOptions, StageOptions, ReadingOptions {
  /** The same seed gives the same zeros for the same weights. Default 0. */
  readonly seed?: number;
}

/** A schedule with checked options. */
export interface Schedule {
  readonly decay: Required<DecayOptions>;
  readonly reading: ReadingOptions;
  readonly stage: StageOptions;
  readonly seed: number;
}

type Own = Required<Omit<DecayOptions, 'to' | 'end'>> & {
  readonly to: number | undefined;
  readonly end: number | undefined;
  readonly seed: number;
} & {
  readonly [Key in keyof ReadingOptions]-?: ReadingOptions[Key] | undefined;
};

const share = <Value extends number | undefined>(
  fallback: Value,
  expected: string,
  min: (value: number) => boolean,
): OptionRule<Value> => ({
  fallback,
  expected,
  accepts: (value) => typeof value === 'number' && min(value) && value < 1,
});

const RULES: OptionRules<Own> = {
  from: share(0, 'a number from 0 up to, not including, 1', (value) => value >= 0),
  to: share<number | undefined>(undefined, 'a number between 0 and 1', (value) => value > 0),
  begin: integer(1, 1),
  end: integer<number | undefined>(undefined, 1),
  every: integer(1, 1),
  power: {
    ...number(3, 0),
    expected: 'a number above 0',
    accepts: (value) => typeof value === 'number' && value > 0 && value < Infinity,
  },
  samples: integer<number | undefined>(undefined, 1),
  batchSize: integer<number | undefined>(undefined, 1),
  rows: integer<number | undefined>(undefined, 1),
  seed: seedRule,
};

const STAGE_KEYS: ReadonlyArray<keyof StageOptions> = [
  'scope',
  'mask',
  'rounding',
  'alignment',
  'feedback',
  'scaling',
  'damping',
  'iterations',
  'bias',
  'include',
  'exclude',
  'memory',
  'strictKernels',
];

/**
 * Checks the options of a schedule and completes them, except those that its stages check.
 * @throws OptionError
 */
export function resolveSchedule(where: string, given: PruneScheduleOptions): Schedule {
  requireObject(where, given);
  const isOfStage = ([key]: readonly [string, unknown]): boolean => STAGE_KEYS.some((known) => known === key);
  const entries = Object.entries(given);
  const stage: StageOptions = Object.fromEntries(entries.filter(isOfStage));
  const own: Partial<Own> = Object.fromEntries(entries.filter((entry) => !isOfStage(entry)));
  const {from, to, begin, end, every, power, seed, ...reading} = resolveOptions<Own>(where, own, RULES, STAGE_KEYS);
  if (to === undefined) throw new OptionError(where, 'to', RULES.to.expected, to);
  if (end === undefined) throw new OptionError(where, 'end', RULES.end.expected, end);
  if (from > to) throw new OptionError(where, 'from', `at most \`to\`, ${to}`, from);
  if (begin > end) throw new OptionError(where, 'end', `an epoch from \`begin\`, ${begin}, on`, end);
  const named: ReadingOptions = Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined));
  return {decay: {from, to, begin, end, every, power}, reading: named, stage, seed};
}

/** Whether a schedule prunes at the end of an epoch, counted from 1. */
export function isDue({begin, end, every}: Required<DecayOptions>, epoch: number): boolean {
  return epoch >= begin && epoch <= end && ((epoch - begin) % every === 0 || epoch === end);
}

/** to + (from − to)·(1 − (epoch − begin)/(end − begin))^power: Zhu & Gupta 2017, eq. 1; tfmot's PolynomialDecay. */
export function sparsityAt({from, to, begin, end, power}: Required<DecayOptions>, epoch: number): number {
  return begin === end ? to : to + (from - to) * (1 - (epoch - begin) / (end - begin)) ** power;
}
