import {OptionError} from '../errors.ts';
import type {Rounding} from '../numerics/stochastic/index.ts';
import {flag, integer, memoryRule, number, oneOf, type OptionRules, resolveOptions, stageSeedRule} from '../options.ts';
import type {MaskName} from '../solver/maskScores.ts';
import type {PruneModelOptions} from '../stages/prune/pruneModel.ts';
import {type LayerSelection, namesIn, selectionRule} from './layerSelection.ts';
import {patternOf, type PatternOption, patternRule, pruneFilter, sparsityRule} from './pruneRules.ts';

/** Options of {@link spfqPrune}. Every one has a default that a specialist would choose. */
export interface SpfqPruneOptions {
  /** The share of weights that become 0, from 0 up to 1; met to one weight in every layer. Default 0.5. */
  readonly sparsity?: number;
  /**
   * Whether `sparsity` is that of every layer, or of the pruned layers together: then each loses as many weights as the
   * outputs feel least, measured on the calibration data. Default `'layer'`.
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
   * How the mask is found: along a path; by |w|; by |w|·‖X‖ within each neuron; or `'best'`, the one of paths and
   * magnitude with the least error after the activation on held-out rows, in each layer; never one whose error before
   * it is above that of magnitude. Default `'best'`; with `threshold` `'path'`.
   */
  readonly mask?: 'best' | 'path' | 'magnitude' | 'wanda';
  /**
   * T of the path: `'stochastic'`, without bias, or `'nearest'`, a hard threshold. `'best'` tries both, or `'nearest'`
   * alone. Default `'stochastic'`.
   */
  readonly rounding?: Rounding;
  /** How weights are aligned to the inputs that earlier layers left. Default `'order'`. */
  readonly alignment?: 'none' | 'order' | 'exact';
  /** What a feature feels of earlier errors. Default `'path'`. */
  readonly feedback?: 'path' | 'optimal' | 'none';
  /** C ≥ 1. Default 16 for a stochastic path, which would run away from W̃ otherwise, 1 for the nearest. */
  readonly scaling?: number;
  /** λ / mean diag H of the least squares, and of `'exact'` and `'optimal'`. Default 0.01. */
  readonly damping?: number;
  /**
   * Conjugate-gradient steps of the least squares by which the kept weights make up for the others. Default 20; 0 for
   * the bare mask.
   */
  readonly iterations?: number;
  /** Whether biases take up the mean error. Default true, unless `iterations` is 0. */
  readonly bias?: boolean;
  /** Same seed, same zeros. Default: the seed of the pipeline. */
  readonly seed?: number;
  /**
   * Only these layers: names, patterns, or a predicate. Default: all but the output layer and those with fewer than 32
   * features.
   */
  readonly include?: LayerSelection;
  /** Not these layers. Default: none. */
  readonly exclude?: LayerSelection;
  /** Bytes that live activations may take between layers. Default 512 MiB. */
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

/**
 * A method without its seed, which the pipeline may give. `together`: the sparsity of all layers, if it is not that of
 * each.
 */
export type PrunePlan = Omit<PruneModelOptions, 'seed'> & {
  readonly seed: number | undefined;
  readonly modelSparsity: number | undefined;
};

/**
 * Checks the options of a pruning stage and completes them.
 * @throws OptionError naming the option, what it must be and what came
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

function requireCompatible(
  where: string,
  {scope, sparsity, threshold, pattern, mask, iterations, bias}: Resolved,
): void {
  if (sparsity !== undefined && threshold !== undefined)
    throw new OptionError(where, 'threshold', 'absent when `sparsity` is given', threshold);
  if (sparsity !== undefined && pattern !== 'unstructured')
    throw new OptionError(
      where,
      'sparsity',
      'absent with a pattern n:m, which says by itself how many weights are pruned',
      sparsity,
    );
  if (threshold !== undefined && pattern !== 'unstructured')
    throw new OptionError(
      where,
      'threshold',
      'absent with a pattern n:m, which says by itself how many weights are pruned',
      threshold,
    );
  if (scope === 'model' && threshold !== undefined)
    throw new OptionError(
      where,
      'scope',
      "'layer' with `threshold`, which says by itself how many weights are pruned",
      scope,
    );
  if (scope === 'model' && pattern !== 'unstructured')
    throw new OptionError(where, 'scope', "'layer' with a pattern n:m, which prunes every layer alike", scope);
  if (threshold !== undefined && (mask === 'best' || mask === 'wanda'))
    throw new OptionError(where, 'mask', "'path' or 'magnitude' with `threshold`", mask);
  if (bias === true && iterations === 0)
    throw new OptionError(where, 'bias', 'false with iterations: 0, because a bias correction alone does harm', bias);
}
