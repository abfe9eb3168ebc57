import {textTable, TIMING_HEAD, timingCells} from '../results.ts';
import {SEQUENTIAL_FORMS, type SequentialForm} from './sequentialPath.ts';
import type {Timing} from './timing.ts';

export const SIZE = {features: 2304, neurons: 256, rows: 4096} as const;

export const SLICED_FEATURES = 128;

/** What the project asks of this benchmark. */
export const AIMS = {ratioInAll: 8, ratioOfPath: 40, secondsInAll: 2.5, secondsOfPath: 0.5} as const;

export type Timings = Readonly<Record<'statistics' | 'alignment' | 'feedback' | 'one path' | 'default recipe', Timing>>;

const PATH = ['feedback', 'one path'] as const;

const IN_ALL = ['statistics', 'alignment', ...PATH] as const;

export const SLICED = 'sequential, a column by tf.slice';

export const GATHERED = 'sequential, a column by tf.gather';

export const PREPARED = 'sequential, columns prepared';

export const SEQUENTIAL_NAMES = [SLICED, GATHERED, PREPARED] as const;

export type SequentialName = (typeof SEQUENTIAL_NAMES)[number];

export type SequentialTimings = Readonly<Record<SequentialName | 'of which preparing the columns', Timing>>;

/** The sequential form's time over ours, by the clock and by the processor's time. */
export interface Ratios {
  readonly inAll: Clocks;
  readonly ofPath: Clocks;
}

type Clocks = Readonly<Record<'median' | 'cpu', number>>;

export function ratiosOf(ours: Timings, sequential: Timing): Ratios {
  const over = (parts: ReadonlyArray<keyof Timings>): Clocks => {
    const time = sumOf(ours, parts);
    return {median: sequential.median / time.median, cpu: sequential.cpu / time.cpu};
  };
  return {inAll: over(IN_ALL), ofPath: over(PATH)};
}

function sumOf(timings: Timings, parts: ReadonlyArray<keyof Timings>): Clocks {
  const sum = (clock: keyof Clocks) => parts.reduce((total, part) => total + timings[part][clock], 0);
  return {median: sum('median'), cpu: sum('cpu')};
}

export function report(
  timings: Timings & SequentialTimings,
  {layout, update}: SequentialForm,
  ratios: Readonly<Record<SequentialName, Ratios>>,
  equalCodes: number,
): string {
  const {features, neurons, rows} = SIZE;
  const inAll = sumOf(timings, IN_ALL),
    path = sumOf(timings, PATH);
  return [
    `N = ${features} features, n = ${neurons} neurons, m = ${rows} rows, two networks, wasm`,
    textTable(
      ['seconds', ...TIMING_HEAD],
      Object.entries(timings).map(([name, timing]) => [name, ...timingCells(timing)]),
    ),
    'Sequential: for each feature its columns of X and X̃ [rows, features], one product of U with a vector and ' +
      'one update of U, rounding to nearest;',
    `U ${layout}, updated by ${update}: the fastest of ${SEQUENTIAL_FORMS.length} ways to write it.`,
    `With tf.slice, ${SLICED_FEATURES} features were timed and the time multiplied by ` +
      `${features / SLICED_FEATURES}; the others went through all.`,
    'In all: statistics, alignment, feedback and one path. One path: feedback and path, Grams given.',
    textTable(
      ['against the aims', 'median', 'processor', 'aim'],
      [
        ...SEQUENTIAL_NAMES.flatMap((name) => [
          [`${name} / in all`, ...ratioCells(ratios[name].inAll), `≥ ${AIMS.ratioInAll} ×`],
          [`${name} / one path`, ...ratioCells(ratios[name].ofPath), `≥ ${AIMS.ratioOfPath} ×`],
        ]),
        ['in all', seconds(inAll.median), seconds(inAll.cpu), `≤ ${AIMS.secondsInAll} s`],
        ['one path', seconds(path.median), seconds(path.cpu), `≤ ${AIMS.secondsOfPath} s`],
      ],
    ),
    `codes of both forms at 3 bits, rounding to nearest: ${(100 * equalCodes).toFixed(2)} % equal`,
  ].join('\n');
}

function ratioCells({median, cpu}: Clocks): string[] {
  return [median, cpu].map((ratio) => `${ratio.toFixed(1)} ×`);
}

export function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}
