import type {Pattern} from '../numerics/linalg/mask.ts';
import type {AlignmentOptions} from '../numerics/path/alignment.ts';
import type {FeedbackOptions} from '../numerics/path/pathFeedback.ts';
import type {RefinementOptions} from '../numerics/path/refinementState.ts';
import type {Granularity} from '../numerics/scales/scales.ts';
import type {Alphabet} from '../numerics/stochastic/alphabet.ts';
import type {Rounding} from '../numerics/stochastic/index.ts';

/** How one weight matrix is quantized. */
export interface QuantizeMethod {
  readonly alphabet: Alphabet;
  readonly granularity: Granularity;
  readonly alignment: AlignmentOptions;
  readonly feedback: FeedbackOptions;
  /**
   * Values of C for path feedback. Each neuron takes the one whose refined letters have the least calibration error.
   */
  readonly scalings: readonly number[];
  readonly search: SearchOptions;
  /** `sweeps: 0` leaves the path as it is. */
  readonly refinement: Required<Pick<RefinementOptions, 'rounds' | 'sweeps' | 'pairs' | 'offset'>>;
  /** λ / mean diag H of the whole problem ({@link withRidge}). */
  readonly ridge: number;
  /** What T prunes in the same pass. Absent: nothing. */
  readonly prune?: PruneTarget | undefined;
  readonly seed: number;
  readonly strictKernels: boolean;
}

/** How the scale and the path are chosen. */
export interface SearchOptions {
  /** By calibration error around the mean-square scale, by mean-square rounding error, or by the largest weight. */
  readonly scale: 'calibration' | 'mse' | 'absmax';
  readonly rounding: Rounding;
  /** K, the number of paths per neuron. */
  readonly samples: number;
}

/** How many weights to prune, and where. */
export interface PruneTarget {
  readonly sparsity: number;
  readonly pattern: Pattern;
}
