import type {OperatorFunction} from 'rxjs';
import {flag, integer, memoryRule, number, type OptionRules, resolveOptions, stageSeedRule} from '../options.ts';
import {correctModel, type CorrectModelOptions} from '../stages/correct/correctModel.ts';
import type {Compression} from '../stages/run/compression.ts';
import {layerFilter, type LayerSelection, namesIn, selectionRule} from './layerSelection.ts';
import {stage} from './stage.ts';

/** Options of {@link correct}. */
export interface CorrectOptions {
  /** Cyclic passes over the letters after each refit. Default 2. */
  readonly sweeps?: number;
  /** Refits, each followed by `sweeps`. Default 2. */
  readonly rounds?: number;
  /** Passes that change two letters at a time, after the sweeps of each round. Default 1. */
  readonly pairs?: number;
  /** λ / mean diag H of λ‖W − Q‖², which is minimised together with ‖XW − X̃Q‖². Default 0.03. */
  readonly ridge?: number;
  /** Whether scales, and offsets where there are any, are refitted. Default true. */
  readonly scale?: boolean;
  /**
   * Whether biases absorb the mean error; for a layer without one, the moving mean of a BatchNormalization after it.
   * Default true.
   */
  readonly bias?: boolean;
  /** Whether moving means and variances of BatchNormalization layers are re-estimated. Default true. */
  readonly batchNorm?: boolean;
  /** Conjugate-gradient steps of the least squares on the support of layers that are only pruned. Default 20. */
  readonly iterations?: number;
  /** λ / mean diag H of the least squares. Default 0.01. */
  readonly damping?: number;
  /** Only these layers: names, patterns, or a predicate. Default: all that earlier stages compressed. */
  readonly include?: LayerSelection;
  /** Not these layers. Default: none. */
  readonly exclude?: LayerSelection;
  /** Chooses the rows of the calibration data. Default: the seed of the pipeline. */
  readonly seed?: number;
  /** The most bytes that live activations may take between layers. Default 512 MiB. */
  readonly memory?: number;
}

type Optional = 'seed' | 'include' | 'exclude';
type Resolved = Required<Omit<CorrectOptions, Optional>> & {
  readonly [Key in Optional]: CorrectOptions[Key] | undefined;
};

const RULES: OptionRules<Resolved> = {
  sweeps: integer(2, 0, 100),
  rounds: integer(2, 1, 100),
  pairs: integer(1, 0, 100),
  ridge: number(0.03, 0),
  scale: flag(true),
  bias: flag(true),
  batchNorm: flag(true),
  iterations: integer(20, 0, 1000),
  damping: number(0.01, 0),
  include: selectionRule,
  exclude: selectionRule,
  seed: stageSeedRule,
  memory: memoryRule,
};

/**
 * Reduces the error of a compressed model without training, layer by layer, each on the inputs that the corrected
 * layers before it give:
 *
 * - letters: refits s ← s + ⟨z, R⟩/⟨z, Hz⟩ and cyclic passes q_t ← the letter nearest to q_t + R_t/H_tt, R = GW − HQ;
 * - pruned layers: the kept weights by least squares on their support, argmin ‖XW − X̃V‖² + λ‖V − Q‖²;
 * - biases: b + μᵀW − μ̃ᵀQ, so all of this uses centred statistics;
 * - BatchNormalization: the moving statistics for which its outputs are nearest to those of the original.
 *
 * None of these increases the calibration error. A layer's correction is kept only if its error on held-out rows
 * decreases, too. Alphabets, masks and the topology do not change.
 *
 * ```ts
 * compress(model).pipe(calibrate(x), spfqPrune({sparsity: 0.5}), spfqQuantize({bits: 4}), correct())
 * ```
 * @param options see {@link CorrectOptions}
 * @returns an operator whose stream ends with a ModelError where nothing was compressed before
 * @throws OptionError at once, for an option that is unknown or out of range
 */
export function correct(options: CorrectOptions = {}): OperatorFunction<Compression, Compression> {
  const {include, exclude, seed, ...resolved} = resolveOptions<Resolved>('correct', options, RULES);
  const plan: Omit<CorrectModelOptions, 'seed'> = {
    ...resolved,
    filter: layerFilter(include, exclude),
    names: [...namesIn(include), ...namesIn(exclude)],
  };
  return stage('correct', (compression, context) =>
    correctModel(compression, {...plan, seed: seed ?? compression.seed}, context),
  );
}
