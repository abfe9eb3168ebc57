import type {SpfqQuantizeOptions} from 'tfjs-compress';

/** How many letters. */
export type Bits = NonNullable<SpfqQuantizeOptions['bits']>;

/** What a figure has to be. */
export type Aim = {readonly least: number} | {readonly most: number};

/** One line of the table: what came of a model at one setting. */
export interface ModelRow {
  readonly model: string;
  /** As in `spfqQuantize → correct`. */
  readonly method: string;
  /** As in `4 bits`. */
  readonly setting: string;
  /** What the values are, with their unit. */
  readonly measure: string;
  /** One for each seed; the aim is for their mean. */
  readonly values: readonly number[];
  readonly aim?: Aim;
  /** Time of the stages of one compression, mean over the seeds. */
  readonly seconds?: number;
}

/** What all rows of a run have in common. */
export interface ModelRun {
  /** Compressions of which each row is the mean. */
  readonly seeds: number;
}

/** A model of the benchmark. */
export interface ModelBench {
  readonly name: string;
  /** Measures row by row. */
  readonly rows: (run: ModelRun) => AsyncIterable<ModelRow>;
}

/** The mean of some values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether a row reaches its aim; undefined where it has none. */
export function isMet({values, aim}: Pick<ModelRow, 'values' | 'aim'>): boolean | undefined {
  if (aim === undefined) return undefined;
  const mean = meanOf(values);
  return 'least' in aim ? mean >= aim.least : mean <= aim.most;
}

/** A width in words: `4 bits`, `1 bit` or `ternary`. */
export function settingOf(bits: Bits): string {
  return bits === 'ternary' ? bits : `${bits} ${bits === 1 ? 'bit' : 'bits'}`;
}
