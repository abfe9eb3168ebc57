import type {Pattern} from '../numerics/linalg/mask.ts';
import type {AlignmentOptions} from '../numerics/path/alignment.ts';
import type {FeedbackOptions} from '../numerics/path/pathFeedback.ts';
import type {Granularity} from '../numerics/scales/scales.ts';
import type {Alphabet} from '../numerics/stochastic/alphabet.ts';
import type {Rounding} from '../numerics/stochastic/index.ts';

/** How one weight matrix is quantized. */
export interface QuantizeMethod {
  readonly alphabet: Alphabet;
  readonly granularity: Granularity;
  readonly scale: 'calibration' | 'mse' | 'absmax';
  readonly alignment: AlignmentOptions;
  readonly feedback: FeedbackOptions;
  /**
   * Values of C for path feedback. Each neuron takes the one whose refined letters have the least calibration error.
   */
  readonly scalings: readonly number[];
  readonly rounding: Rounding;
  /** K paths per neuron. */
  readonly samples: number;
  /** Refits of the scale, each followed by `sweeps` cyclic passes. */
  readonly rounds: number;
  readonly sweeps: number;
  /** Passes over pairs of features after the sweeps of each round. */
  readonly pairs: number;
  /** λ / mean diag H of the whole problem ({@link withRidge}). */
  readonly ridge: number;
  /** Whether letters get an offset per scale, refitted with it. */
  readonly offset: boolean;
  /** What T prunes in the same pass, if anything. */
  readonly prune?: PruneTarget | undefined;
  readonly seed: number;
  readonly strictKernels: boolean;
}

/** How many weights to prune, and where. */
export interface PruneTarget {
  readonly sparsity: number;
  readonly pattern: Pattern;
}
