import type {Granularity} from '../numerics/scales/scales.ts';
import type {Alphabet, AlphabetLayout, Bits} from '../numerics/stochastic/alphabet.ts';
import type {Rounding} from '../numerics/stochastic/index.ts';
import {
  flag,
  integer,
  memoryRule,
  number,
  oneOf,
  type OptionRules,
  refuseConflicts,
  resolveOptions,
  stageSeedRule,
} from '../options.ts';
import type {QuantizeMethod} from '../solver/quantizeMethod.ts';
import type {QuantizeModelOptions} from '../stages/quantize/quantizeModel.ts';
import type {VisitOptions} from '../stages/run/visitLayers.ts';
import {layerFilter, type LayerSelection, namesIn, selectionRule} from './layerSelection.ts';
import {alphabetOf, bitsRule, granularityRule, layoutRule, levelsRule, scalingRule} from './quantizeRules.ts';

/** Options of {@link spfqQuantize}. Each has a default that a specialist would choose. */
export interface SpfqQuantizeOptions {
  /** Bits per weight: 1 to 8, or `'ternary'` (log₂ 3). b bits are at most 2^b letters. Default 4. */
  readonly bits?: Bits;
  /** The number of letters, 2 to 256, instead of `bits`. The authors' "b bits" are 2^b + 1. */
  readonly levels?: number;
  /**
   * How the letters are placed around zero. Default: `'midrise'` at 1 and 2 bits and for even `levels`, else
   * `'symmetric'`.
   */
  readonly layout?: AlphabetLayout;
  /**
   * Whether the letters are symmetric around 0; if not, every scale has an offset that is refitted with it. Default
   * true from 4 letters; false below, where that lowers the error, unless `sweeps` is 0.
   */
  readonly symmetric?: boolean;
  /** Which weights share a scale. Default `'channel'`: each neuron has its own. */
  readonly granularity?: Granularity;
  /**
   * How the scale is chosen: by calibration error near the mean-square scale, by mean square, or by the largest weight.
   * Default `'calibration'`.
   */
  readonly scale?: 'calibration' | 'mse' | 'absmax';
  /**
   * How weights are aligned to the inputs that the compressed earlier layers give. Default `'order'`, with `order: 1`;
   * `'exact'` for `feedback: 'optimal'`.
   */
  readonly alignment?: 'none' | 'order' | 'exact';
  /** r of `alignment: 'order'`, 1 to 16. Default 1. */
  readonly order?: number;
  /** How earlier errors enter the argument of a feature. Default `'path'`. */
  readonly feedback?: 'path' | 'optimal' | 'none';
  /** λ / mean diag H of `alignment: 'exact'` and `feedback: 'optimal'`. Default 0.01. */
  readonly damping?: number;
  /**
   * C ≥ 1; or `'auto'`: paths with 1, 4 and 16 are followed and refined, and each neuron keeps the one of least
   * calibration error. Default `'auto'` with two letters, where a path with C = 1 clips most; 1 with more letters, and
   * for the bare path.
   */
  readonly scaling?: number | 'auto';
  /** T of the paths. Default `'stochastic'`; with several `samples` path 0 rounds to nearest. */
  readonly rounding?: Rounding;
  /** The number of paths per neuron, of which the best is kept. Default 4; 1 for `rounding: 'nearest'`. */
  readonly samples?: number;
  /** Cyclic passes after each refit of the scale. Default 2; 0 means neither passes nor refits: the bare path. */
  readonly sweeps?: number;
  /** Refits of the scale. Default 2. */
  readonly rounds?: number;
  /** Passes that change two letters at a time, after the sweeps of each round. Default 1. */
  readonly pairs?: number;
  /**
   * λ / mean diag H of λ‖W − Q‖², which is minimised together with ‖XW − X̃Q‖²: it regularises towards W, which matters
   * when calibration rows are few. Default 0.03, but 0 for the bare path.
   */
  readonly ridge?: number;
  /** Whether biases absorb the mean error. Default true, unless `sweeps` is 0: it is safe only after a refit. */
  readonly bias?: boolean;
  /** The weights of a feature whose input is always 0 on the calibration data: rounded, or 0. Default `'keep'`. */
  readonly dead?: 'keep' | 'zero';
  /** The same seed gives the same codes. Default: the seed of the pipeline. */
  readonly seed?: number;
  /** Only these layers: names, patterns, or a predicate. Default: all. */
  readonly include?: LayerSelection;
  /** Not these layers. Default: none. */
  readonly exclude?: LayerSelection;
  /** The most bytes that live activations may take between layers. Default 512 MiB. */
  readonly memory?: number;
  /** Refuse the float64 reference where a backend's kernel is missing. Default false. */
  readonly strictKernels?: boolean;
}

/** The options after checking. Those without a fixed default may still be absent. */
type Resolved = Required<Omit<SpfqQuantizeOptions, Optional>> & {
  readonly [Key in Optional]: SpfqQuantizeOptions[Key] | undefined;
};
type Optional =
  | 'bits'
  | 'levels'
  | 'layout'
  | 'alignment'
  | 'scaling'
  | 'samples'
  | 'symmetric'
  | 'ridge'
  | 'bias'
  | 'seed'
  | 'include'
  | 'exclude';

/** The rules and fixed defaults; for undefined ones see {@link dependentDefaults}. */
const RULES: OptionRules<Resolved> = {
  bits: bitsRule,
  levels: levelsRule,
  layout: layoutRule,
  symmetric: flag<boolean | undefined>(undefined),
  granularity: granularityRule,
  scale: oneOf('calibration', ['calibration', 'mse', 'absmax']),
  alignment: oneOf<'none' | 'order' | 'exact' | undefined>(undefined, ['none', 'order', 'exact']),
  order: integer(1, 1, 16),
  feedback: oneOf('path', ['path', 'optimal', 'none']),
  damping: number(0.01, 0),
  scaling: scalingRule,
  rounding: oneOf('stochastic', ['stochastic', 'nearest']),
  samples: integer<number | undefined>(undefined, 1, 64),
  sweeps: integer(2, 0, 100),
  rounds: integer(2, 1, 100),
  pairs: integer(1, 0, 100),
  ridge: number<number | undefined>(undefined, 0),
  bias: flag<boolean | undefined>(undefined),
  dead: oneOf('keep', ['keep', 'zero']),
  seed: stageSeedRule,
  include: selectionRule,
  exclude: selectionRule,
  memory: memoryRule,
  strictKernels: flag(false),
};

/** A method without its seed, which may come from the pipeline. */
export interface QuantizePlan {
  readonly seed: number | undefined;
  readonly method: Omit<QuantizeMethod, 'seed'>;
  readonly walk: Omit<VisitOptions, 'seed'>;
}

/** A plan with its own seed, or else that of the pipeline. */
export function completePlan({method, walk, seed: own}: QuantizePlan, pipelineSeed: number): QuantizeModelOptions {
  const seed = own ?? pipelineSeed;
  return {method: {...method, seed}, walk: {...walk, seed}};
}

/**
 * Checks the options of a quantizing stage and completes them.
 * @param others further options of the stage
 * @throws OptionError that names the option, what it must be and what came
 */
export function quantizePlan(where: string, given: SpfqQuantizeOptions, others: readonly string[] = []): QuantizePlan {
  const options = resolveOptions<Resolved>(where, given, RULES, others);
  const {feedback, damping, order, dead, rounding, sweeps} = options;
  requireCompatible(where, options);
  const alphabet = alphabetOf(where, options);
  const defaults = dependentDefaults(options, alphabet);
  const scaling = options.scaling ?? defaults.scaling;
  const method = {
    alphabet,
    granularity: options.granularity,
    alignment: {method: options.alignment ?? defaults.alignment, order, damping, dead},
    feedback: {kind: feedback, damping},
    scalings: scaling === 'auto' ? [1, 4, 16] : [scaling],
    search: {scale: options.scale, rounding, samples: options.samples ?? defaults.samples},
    refinement: {
      rounds: options.rounds,
      sweeps,
      pairs: options.pairs,
      offset: !(options.symmetric ?? defaults.symmetric),
    },
    ridge: options.ridge ?? defaults.ridge,
    strictKernels: options.strictKernels,
  };
  const walk = {
    bias: options.bias ?? defaults.bias,
    filter: layerFilter(options.include, options.exclude),
    names: [...namesIn(options.include), ...namesIn(options.exclude)],
    memory: options.memory,
  };
  return {seed: options.seed, method, walk};
}

/** Defaults that depend on other options. */
function dependentDefaults({feedback, rounding, sweeps}: Resolved, {levels}: Alphabet) {
  const isRefined = sweeps > 0;
  return {
    alignment: feedback === 'optimal' ? 'exact' : 'order',
    // With two letters paths clip, the less the larger C is; only the data can tell which C is best.
    scaling: levels === 2 && feedback === 'path' && isRefined ? 'auto' : 1,
    samples: rounding === 'nearest' ? 1 : 4,
    symmetric: !isRefined || levels >= 4,
    ridge: isRefined ? 0.03 : 0,
    bias: isRefined,
  } as const;
}

function requireCompatible(where: string, options: Resolved): void {
  const {samples, rounding, bias, symmetric, scaling, feedback, sweeps, bits, levels} = options;
  const isBarePath = sweeps === 0;
  refuseConflicts(where, options, [
    [
      rounding === 'nearest' && samples !== undefined && samples > 1,
      'samples',
      "1 with rounding: 'nearest', whose paths are all the same",
    ],
    [
      bias === true && isBarePath,
      'bias',
      'false with sweeps: 0, because a bias correction without refitted scales does harm',
    ],
    [symmetric === false && isBarePath, 'symmetric', 'true with sweeps: 0, because offsets are found by the refit'],
    [
      scaling === 'auto' && (isBarePath || feedback !== 'path'),
      'scaling',
      "a number with sweeps: 0, and without feedback: 'path'",
    ],
    [bits !== undefined && levels !== undefined, 'levels', 'absent when `bits` is given'],
  ]);
}
