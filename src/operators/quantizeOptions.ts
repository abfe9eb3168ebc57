import {formatValue, OptionError} from '../errors.ts';
import type {Granularity} from '../numerics/scales/scales.ts';
import {type Alphabet, type AlphabetLayout, type Bits, uniformAlphabet} from '../numerics/stochastic/alphabet.ts';
import type {Rounding} from '../numerics/stochastic/index.ts';
import {flag, integer, memoryRule, number, oneOf, type OptionRules, resolveOptions, stageSeedRule} from '../options.ts';
import type {QuantizeMethod} from '../solver/quantizeMethod.ts';
import type {QuantizeModelOptions} from '../stages/quantize/quantizeModel.ts';
import type {VisitOptions} from '../stages/run/visitLayers.ts';
import {layerFilter, type LayerSelection, namesIn, selectionRule} from './layerSelection.ts';

/** Options of {@link spfqQuantize}. Every one has a default that a specialist would choose. */
export interface SpfqQuantizeOptions {
  /** Bits per weight: 1 to 8, or `'ternary'` (log₂ 3). b bits are at most 2^b letters. Default 4. */
  readonly bits?: Bits;
  /** The number of letters, 2 to 256, instead of `bits`. The authors' "b bits" are 2^b + 1. */
  readonly levels?: number;
  /**
   * How the letters lie around zero. Default: `'midrise'` at 1 and 2 bits and for even `levels`, else `'symmetric'`.
   */
  readonly layout?: AlphabetLayout;
  /**
   * Whether the letters lie around 0; if not, every scale has an offset beside it, refitted with it. Default true from
   * 4 letters; false below, where it lowers the error, unless `sweeps` is 0.
   */
  readonly symmetric?: boolean;
  /** Which weights share a scale. Default `'channel'`: each neuron has its own. */
  readonly granularity?: Granularity;
  /**
   * How the scale is chosen: by calibration error around the mean-square scale, by mean square, or by the largest
   * weight. Default `'calibration'`.
   */
  readonly scale?: 'calibration' | 'mse' | 'absmax';
  /**
   * How weights are aligned to the inputs that earlier layers left. Default `'order'`, with `order: 1`; `'exact'` for
   * `feedback: 'optimal'`.
   */
  readonly alignment?: 'none' | 'order' | 'exact';
  /** r of `alignment: 'order'`, 1 to 16. Default 1. */
  readonly order?: number;
  /** What a feature feels of earlier errors. Default `'path'`. */
  readonly feedback?: 'path' | 'optimal' | 'none';
  /** λ / mean diag H of `alignment: 'exact'` and `feedback: 'optimal'`. Default 0.01. */
  readonly damping?: number;
  /**
   * C ≥ 1; or `'auto'`: 1, 4 and 16 are followed and refined, and each neuron takes what has the least calibration
   * error. Default `'auto'` with two letters, where a path at C = 1 clips most, 1 with more, and for the bare path.
   */
  readonly scaling?: number | 'auto';
  /** T of the paths. Default `'stochastic'`; with several `samples` path 0 rounds to nearest. */
  readonly rounding?: Rounding;
  /** Paths per neuron, of which the best is kept. Default 4; 1 for `rounding: 'nearest'`. */
  readonly samples?: number;
  /** Cyclic passes after each refit of the scale. Default 2; 0 for neither, the bare path. */
  readonly sweeps?: number;
  /** Refits of the scale. Default 2. */
  readonly rounds?: number;
  /** Passes that change letters by twos, after the sweeps of each round. Default 1. */
  readonly pairs?: number;
  /**
   * λ / mean diag H of λ‖W − Q‖², which is minimised with ‖XW − X̃Q‖²: what few rows say is not believed to the last.
   * Default 0.03, but 0 for the bare path.
   */
  readonly ridge?: number;
  /** Whether biases take up the mean error. Default true, unless `sweeps` is 0: it is safe only after a refit. */
  readonly bias?: boolean;
  /** What a feature without any input on the calibration data gets: its weight rounded, or 0. Default `'keep'`. */
  readonly dead?: 'keep' | 'zero';
  /** Same seed, same codes. Default: the seed of the pipeline. */
  readonly seed?: number;
  /** Only these layers: names, patterns, or a predicate. Default: all. */
  readonly include?: LayerSelection;
  /** Not these layers. Default: none. */
  readonly exclude?: LayerSelection;
  /** Bytes that live activations may take between layers. Default 512 MiB. */
  readonly memory?: number;
  /** Refuse the float64 reference where a backend's kernel is missing. Default false. */
  readonly strictKernels?: boolean;
}

/** The options after checking: those without a fixed default may still be absent. */
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

const LAYOUTS: readonly AlphabetLayout[] = ['symmetric', 'midrise', 'twosComplement'];

const RULES: OptionRules<Resolved> = {
  bits: {
    fallback: undefined,
    expected: "an integer from 1 to 8 or 'ternary'",
    accepts: (bits) => bits === 'ternary' || (Number.isInteger(bits) && Number(bits) >= 1 && Number(bits) <= 8),
  },
  levels: integer<number | undefined>(undefined, 2, 256),
  layout: oneOf<AlphabetLayout | undefined>(undefined, LAYOUTS),
  symmetric: flag<boolean | undefined>(undefined),
  granularity: {
    fallback: 'channel',
    expected: "'tensor', 'channel' or {group: an integer from 1 up}",
    accepts: isGranularity,
  },
  scale: oneOf('calibration', ['calibration', 'mse', 'absmax']),
  alignment: oneOf<'none' | 'order' | 'exact' | undefined>(undefined, ['none', 'order', 'exact']),
  order: integer(1, 1, 16),
  feedback: oneOf('path', ['path', 'optimal', 'none']),
  damping: number(0.01, 0),
  scaling: {
    fallback: undefined,
    expected: "a finite number from 1 up, or 'auto'",
    accepts: (value) => value === 'auto' || (typeof value === 'number' && value >= 1 && value < Infinity),
  },
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

/** A method without its seed, which the pipeline may give. */
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
 * @param others options that the stage takes besides
 * @throws OptionError naming the option, what it must be and what came
 */
export function quantizePlan(where: string, given: SpfqQuantizeOptions, others: readonly string[] = []): QuantizePlan {
  const options = resolveOptions<Resolved>(where, given, RULES, others);
  const {feedback, damping, order, dead, rounding, sweeps} = options;
  requireCompatible(where, options);
  const alphabet = alphabetOf(where, options);
  const method = {
    alphabet,
    granularity: options.granularity,
    alignment: {method: options.alignment ?? (feedback === 'optimal' ? 'exact' : 'order'), order, damping, dead},
    feedback: {kind: feedback, damping},
    scalings: scalingsOf(options, alphabet),
    search: {scale: options.scale, rounding, samples: options.samples ?? (rounding === 'nearest' ? 1 : 4)},
    refinement: {
      rounds: options.rounds,
      sweeps,
      pairs: options.pairs,
      offset: options.symmetric === undefined ? sweeps > 0 && alphabet.levels < 4 : !options.symmetric,
    },
    ridge: options.ridge ?? (sweeps > 0 ? 0.03 : 0),
    strictKernels: options.strictKernels,
  };
  const walk = {
    bias: options.bias ?? sweeps > 0,
    filter: layerFilter(options.include, options.exclude),
    names: [...namesIn(options.include), ...namesIn(options.exclude)],
    memory: options.memory,
  };
  return {seed: options.seed, method, walk};
}

/** With two letters paths clip, the less the larger C is; which helps only the data can tell. */
function scalingsOf({scaling, feedback, sweeps}: Resolved, {levels}: Alphabet): number[] {
  const chosen = scaling ?? (levels === 2 && feedback === 'path' && sweeps > 0 ? 'auto' : 1);
  return chosen === 'auto' ? [1, 4, 16] : [chosen];
}

function requireCompatible(
  where: string,
  {samples, rounding, bias, symmetric, scaling, feedback, sweeps, bits, levels}: Resolved,
): void {
  if (rounding === 'nearest' && samples !== undefined && samples > 1) {
    throw new OptionError(where, 'samples', "1 with rounding: 'nearest', whose paths are all the same", samples);
  }
  if (bias === true && sweeps === 0) {
    throw new OptionError(
      where,
      'bias',
      'false with sweeps: 0, because a bias correction without refitted scales does harm',
      bias,
    );
  }
  if (symmetric === false && sweeps === 0) {
    throw new OptionError(where, 'symmetric', 'true with sweeps: 0, because offsets are found by the refit', symmetric);
  }
  if (scaling === 'auto' && (sweeps === 0 || feedback !== 'path')) {
    throw new OptionError(where, 'scaling', "a number with sweeps: 0, and without feedback: 'path'", scaling);
  }
  if (bits !== undefined && levels !== undefined)
    throw new OptionError(where, 'levels', 'absent when `bits` is given', levels);
}

function alphabetOf(where: string, {bits = 4, levels, layout}: Resolved): Alphabet {
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
