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
import type {MaskName} from '../solver/maskScores.ts';
import type {PruneModelOptions} from '../stages/prune/pruneModel.ts';
import {type LayerSelection, namesIn, selectionRule} from './layerSelection.ts';
import {patternOf, type PatternOption, patternRule, pruneFilter, sparsityRule} from './pruneRules.ts';

/** Options of {@link spfqPrune}. Each has a default that a specialist would choose. */
export interface SpfqPruneOptions {
  /** The share of weights that become 0, from 0 up to 1; exact to one weight in every layer. Default 0.5. */
  readonly sparsity?: number;
  /**
   * Whether `sparsity` is that of every layer, or of all pruned layers together: then layers to which the outputs are
   * least sensitive lose most, measured on the calibration data. Default `'layer'`.
   */
  readonly scope?: 'layer' | 'model';
  /** c itself, in units of the weights, instead of `sparsity`. */
  readonly threshold?: number;
  /**
   * Where zeros may lie: `'unstructured'`, or n kept of every m neighbouring features as `'2:4'`, `'4:8'`, `{n, m}`.
   * Default `'unstructured'`.
   */
  readonly pattern?: PatternOption;
  /**
   * How the mask is found: along a path; by |w|; by |w|·‖X‖ within each neuron; or `'best'`: in each layer the path or
   * magnitude mask of least error after the activation on held-out rows, never one whose error before the activation
   * exceeds that of magnitude. Default `'best'`; with `threshold` `'path'`.
   */
  readonly mask?: 'best' | 'path' | 'magnitude' | 'wanda';
  /**
   * T of the path: `'stochastic'`, which is unbiased, or `'nearest'`, a hard threshold. With `'stochastic'`, the mask
   * `'best'` tries both. Default `'stochastic'`.
   */
  readonly rounding?: Rounding;
  /** How weights are aligned to the inputs that the compressed earlier layers give. Default `'order'`. */
  readonly alignment?: 'none' | 'order' | 'exact';
  /** How earlier errors enter the argument of a feature. Default `'path'`. */
  readonly feedback?: 'path' | 'optimal' | 'none';
  /** C ≥ 1. Default 16 for a stochastic path, which would otherwise diverge from W̃, 1 for the nearest. */
  readonly scaling?: number;
  /** λ / mean diag H of the least squares, and of `'exact'` and `'optimal'`. Default 0.01. */
  readonly damping?: number;
  /**
   * Conjugate-gradient steps of the least squares by which the kept weights compensate for the others. Default 20; 0
   * for the bare mask.
   */
  readonly iterations?: number;
  /** Whether biases absorb the mean error. Default true, unless `iterations` is 0. */
  readonly bias?: boolean;
  /** The same seed gives the same zeros. Default: the seed of the pipeline. */
  readonly seed?: number;
  /**
   * Only these layers: names, patterns, or a predicate. Default: all but the output layer and those with fewer than 32
   * features.
   */
  readonly include?: LayerSelection;
  /** Not these layers. Default: none. */
  readonly exclude?: LayerSelection;
  /** The most bytes that live activations may take between layers. Default 512 MiB. */
  readonly memory?: number;
  /** Refuse the float64 reference where a backend's kernel is missing. Default false. */
  readonly strictKernels?: boolean;
}

type Optional = 'sparsity' | 'threshold' | 'mask' | 'scaling' | 'bias' | 'seed' | 'include' | 'exclude';
type Resolved = Required<Omit<SpfqPruneOptions, Optional>> & {
  readonly [Key in Optional]: SpfqPruneOptions[Key] | undefined;
};

const RULES: OptionRules<Resolved> = {
  sparsity: sparsityRule,
  scope: oneOf('layer', ['layer', 'model']),
  threshold: number<number | undefined>(undefined, 0),
  pattern: patternRule,
  mask: oneOf<SpfqPruneOptions['mask']>(undefined, ['best', 'path', 'magnitude', 'wanda']),
  rounding: oneOf('stochastic', ['stochastic', 'nearest']),
  alignment: oneOf('order', ['none', 'order', 'exact']),
  feedback: oneOf('path', ['path', 'optimal', 'none']),
  scaling: number<number | undefined>(undefined, 1),
  damping: number(0.01, 0),
  iterations: integer(20, 0, 1000),
  bias: flag<boolean | undefined>(undefined),
  seed: stageSeedRule,
  include: selectionRule,
  exclude: selectionRule,
  memory: memoryRule,
  strictKernels: flag(false),
};

/** A method without its seed, which may come from the pipeline. */
export type PrunePlan = Omit<PruneModelOptions, 'seed'> & {
  readonly seed: number | undefined;
  /** The sparsity of all layers together, if it is not that of each. */
  readonly modelSparsity: number | undefined;
};

/**
 * Checks the options of a pruning stage and completes them.
 * @throws OptionError that names the option, what it must be and what came
 */
export function prunePlan(where: string, given: SpfqPruneOptions): PrunePlan {
  const options = resolveOptions<Resolved>(where, given, RULES);
  requireCompatible(where, options);
  const {include, exclude, feedback, damping, scaling, iterations, threshold} = options;
  const pattern = patternOf(options.pattern);
  const amount =
    threshold === undefined
      ? {sparsity: pattern === 'unstructured' ? (options.sparsity ?? 0.5) : 1 - pattern.n / pattern.m}
      : {threshold};
  return {
    amountOf: () => amount,
    modelSparsity: options.scope === 'model' ? (options.sparsity ?? 0.5) : undefined,
    pattern,
    masks: masksFor(options),
    alignment: {method: options.alignment, damping},
    feedback: {
      stochastic: {kind: feedback, damping, scaling: scaling ?? 16},
      nearest: {kind: feedback, damping, scaling: scaling ?? 1},
    },
    iterations,
    damping,
    bias: options.bias ?? iterations > 0,
    seed: options.seed,
    filter: pruneFilter(pattern, include, exclude),
    names: [...namesIn(include), ...namesIn(exclude)],
    memory: options.memory,
    strictKernels: options.strictKernels,
  };
}

function masksFor({mask, rounding, threshold}: Resolved): MaskName[] {
  const path = `${rounding} path` as const;
  switch (mask ?? (threshold === undefined ? 'best' : 'path')) {
    case 'best':
      return [...new Set([path, 'nearest path', 'magnitude'] as const)];
    case 'path':
      return [path];
    case 'magnitude':
      return ['magnitude'];
    case 'wanda':
      return ['wanda'];
  }
}

function requireCompatible(where: string, options: Resolved): void {
  const {scope, sparsity, threshold, pattern, mask, iterations, bias} = options;
  const hasPattern = pattern !== 'unstructured';
  const absent = 'absent with a pattern n:m, which fixes how many weights are pruned';
  refuseConflicts(where, options, [
    [sparsity !== undefined && threshold !== undefined, 'threshold', 'absent when `sparsity` is given'],
    [sparsity !== undefined && hasPattern, 'sparsity', absent],
    [threshold !== undefined && hasPattern, 'threshold', absent],
    [
      scope === 'model' && threshold !== undefined,
      'scope',
      "'layer' with `threshold`, which fixes how many weights are pruned",
    ],
    [scope === 'model' && hasPattern, 'scope', "'layer' with a pattern n:m, which prunes every layer alike"],
    [
      threshold !== undefined && (mask === 'best' || mask === 'wanda'),
      'mask',
      "'path' or 'magnitude' with `threshold`",
    ],
    [bias === true && iterations === 0, 'bias', 'false with iterations: 0, because a bias correction alone does harm'],
  ]);
}
