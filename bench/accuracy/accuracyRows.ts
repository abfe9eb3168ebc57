import type {OperatorFunction} from 'rxjs';
import {
  type Compression,
  correct,
  gpfqQuantize,
  magnitudePrune,
  optqQuantize,
  rtnQuantize,
  spfqCompress,
  spfqPrune,
  spfqQuantize,
  type SpfqQuantizeOptions,
  wandaPrune,
} from 'tfjs-compress';

/** How far a model is compressed, in the words of the stages. */
export interface Setting {
  readonly bits?: NonNullable<SpfqQuantizeOptions['bits']>;
  readonly sparsity?: number;
  readonly pattern?: '2:4';
}

/** One row of the benchmark: a method at one setting. */
export interface AccuracyRow {
  readonly method: string;
  readonly setting: Setting;
  /** Whether codes and zeros come from the weights alone, so that no seed and no image changes them. */
  readonly ignoresData: boolean;
  readonly stages: Stages;
}

type Stages = ReadonlyArray<OperatorFunction<Compression, Compression>>;

/** A method and its stages at a setting. */
interface Method<OneSetting extends Setting> {
  readonly name: string;
  readonly ignoresData?: true;
  readonly stages: (setting: OneSetting) => Stages;
}

type Quantizing = Required<Pick<Setting, 'bits'>>;
type Pruning = Required<Pick<Setting, 'sparsity'>> | Required<Pick<Setting, 'pattern'>>;
type Both = Required<Pick<Setting, 'bits' | 'sparsity'>>;

/** Without 8 bits, where even rounding to nearest loses next to nothing and no method stands out. */
const WIDTHS: readonly Quantizing[] = [{bits: 4}, {bits: 3}, {bits: 2}, {bits: 'ternary'}, {bits: 1}];
const ZEROS: readonly Pruning[] = [{sparsity: 0.5}, {sparsity: 0.8}, {sparsity: 0.9}, {pattern: '2:4'}];
const ZEROS_AND_WIDTHS: readonly Both[] = [
  {sparsity: 0.5, bits: 4},
  {sparsity: 0.8, bits: 4},
  {sparsity: 0.5, bits: 'ternary'},
  {sparsity: 0.8, bits: 'ternary'},
];

/** The bare stochastic path, as in the papers. */
const BARE_PATH = {samples: 1, sweeps: 0} as const;
const BARE_MASK = {mask: 'path', iterations: 0} as const;

const QUANTIZERS: ReadonlyArray<Method<Quantizing>> = [
  {name: 'rtnQuantize', ignoresData: true, stages: ({bits}) => [rtnQuantize({bits})]},
  {name: 'gpfqQuantize', stages: ({bits}) => [gpfqQuantize({bits})]},
  {name: 'optqQuantize', stages: ({bits}) => [optqQuantize({bits})]},
  {name: 'SPFQ of the paper', stages: ({bits}) => [spfqQuantize({bits, ...BARE_PATH})]},
  {name: 'spfqQuantize, optimal feedback', stages: ({bits}) => [spfqQuantize({bits, feedback: 'optimal'})]},
  {name: 'spfqQuantize', stages: ({bits}) => [spfqQuantize({bits})]},
  {name: 'spfqQuantize → correct', stages: ({bits}) => [spfqQuantize({bits}), correct()]},
];

const PRUNERS: ReadonlyArray<Method<Pruning>> = [
  {name: 'magnitudePrune', ignoresData: true, stages: (zeros) => [magnitudePrune(zeros)]},
  {name: 'wandaPrune', stages: (zeros) => [wandaPrune(zeros)]},
  {name: 'pruning path of the paper', stages: (zeros) => [spfqPrune({...zeros, ...BARE_MASK})]},
  {name: 'spfqPrune', stages: (zeros) => [spfqPrune(zeros)]},
  {name: 'spfqPrune → correct', stages: (zeros) => [spfqPrune(zeros), correct()]},
];

const PRUNING_QUANTIZERS: ReadonlyArray<Method<Both>> = [
  {
    name: 'magnitudePrune → rtnQuantize',
    ignoresData: true,
    stages: ({sparsity, bits}) => [magnitudePrune({sparsity}), rtnQuantize({bits})],
  },
  {
    name: 'spfqPrune → spfqQuantize → correct',
    stages: ({sparsity, bits}) => [spfqPrune({sparsity}), spfqQuantize({bits}), correct()],
  },
  {name: 'spfqCompress → correct', stages: (setting) => [spfqCompress(setting), correct()]},
];

/** Every method at every setting, setting by setting; the first row is the model as it is. */
export const accuracyRows: readonly AccuracyRow[] = [
  {method: 'float', setting: {}, ignoresData: true, stages: []},
  ...rowsOf(QUANTIZERS, WIDTHS),
  ...rowsOf(PRUNERS, ZEROS),
  ...rowsOf(PRUNING_QUANTIZERS, ZEROS_AND_WIDTHS),
];

function rowsOf<OneSetting extends Setting>(
  methods: ReadonlyArray<Method<OneSetting>>,
  settings: readonly OneSetting[],
): AccuracyRow[] {
  return settings.flatMap((setting) =>
    methods.map(({name, ignoresData = false, stages}) => ({
      method: name,
      setting,
      ignoresData,
      stages: stages(setting),
    })),
  );
}

/** A row in words, as in `spfqQuantize, 4 bits` or `spfqCompress → correct, 80 %, ternary`. */
export function titleOf({method, setting}: Pick<AccuracyRow, 'method' | 'setting'>): string {
  const {bits} = setting;
  const zeros = zerosOf(setting);
  const width = bits === undefined || bits === 'ternary' ? bits : `${bits} ${bits === 1 ? 'bit' : 'bits'}`;
  return [method, zeros, width].filter((word) => word !== undefined).join(', ');
}

/** The zeros of a setting in words: `80 %` or `2:4`. */
export function zerosOf({sparsity, pattern}: Setting): string | undefined {
  return sparsity === undefined ? pattern : `${(100 * sparsity).toFixed(0)} %`;
}
