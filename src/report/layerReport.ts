import type {Granularity} from '../numerics/scales/scales.ts';

/** What the stages report of one layer. */
export interface LayerReport {
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type, as in `Dense`. */
  readonly className: string;
  /** `[features, neurons]` of its weight matrix. */
  readonly shape: readonly [number, number];
  /** The number of such matrices: one, one per channel, or one per group of rows of an embedding. */
  readonly matrixCount: number;
  /** Weights in all of them, without the padding of an embedding's last group. */
  readonly weights: number;
  /** Letters of the alphabet; 2³² if the layer was only pruned: its kept weights are float32. */
  readonly levels: number;
  /** log₂ of the number of letters. */
  readonly effectiveBits: number;
  /** Why the layer has this number of letters, if the library chose it. */
  readonly choice: string | undefined;
  /** Which weights share a scale; undefined if the layer was only pruned. */
  readonly granularity: Granularity | undefined;
  /** Whether letters have an offset in addition to their scale. */
  readonly offset: boolean;
  /** The share of its weights that are pruned. */
  readonly sparsity: number;
  /** How these were chosen, if a stage of its own chose them. */
  readonly pruning: PruningReport | undefined;
  /** ‖XW − X̃Q‖ / ‖XW‖ on held-out rows, after the bias correction. */
  readonly relativeError: number;
  /** The number of held-out rows; 0 if there were too few rows to hold any out: then errors are of calibration rows. */
  readonly heldOutRows: number;
  /** Rows in the statistics; with fewer rows than features H is singular. */
  readonly calibrationRows: number;
  /** The bound of the theory and the measured error; undefined if no path was followed. */
  readonly bound: BoundReport | undefined;
  /** The share of the path's steps that lay beyond the alphabet's range. */
  readonly clippedShare: number;
  /** Features whose column of X̃ is constant (0, where the bias cannot move), or embedding rows never looked up. */
  readonly deadFeatures: number;
  /** ‖XW − X̃W̃‖ / ‖XW‖ on held-out rows: the error that alignment left; undefined if nothing was aligned. */
  readonly alignmentError: number | undefined;
  /** λ / mean diag H of optimal feedback, after escalation. */
  readonly damping: number | undefined;
  /** What the last `correct` did. */
  readonly correction: CorrectionReport | undefined;
  /** What followed the paths: `'reference'`, or the kernel of a backend; `'none'` if no path was followed. */
  readonly kernel: string;
  /** Time spent on the layer in all stages, without the walk to it. */
  readonly milliseconds: number;
  /** Packed bytes of its codes, scales and mask. */
  readonly bytes: number;
  /** The same gzipped. */
  readonly gzipBytes: number;
}

/** How a pruning stage chose the mask of a layer. */
export interface PruningReport {
  /** Where zeros may lie: `'unstructured'`, or as `'2:4'`. */
  readonly pattern: string;
  /** The mask that won. */
  readonly mask: string;
  /** All masks that competed. */
  readonly candidates: readonly CandidateReport[];
}

/** A mask that competed. */
export interface CandidateReport {
  /** The method that found it. */
  readonly mask: string;
  /** ‖XW − X̃V‖ / ‖XW‖ on held-out rows, after the bias correction. */
  readonly relativeError: number;
  /** The same after the layer's bias and activation. */
  readonly outputError: number;
}

/** The effect of a correction on a layer. */
export interface CorrectionReport {
  /** The relative error before, on held-out rows. */
  readonly before: number;
  /** The relative error of the corrected layer; the correction was kept if this is smaller. */
  readonly after: number;
  /** Whether it was kept. */
  readonly kept: boolean;
}

/** The bound of the theory beside the measured error, both of the path before refinement. */
export interface BoundReport {
  /** 2σ√log(√2 m/p) with p = 0.01. */
  readonly limit: number;
  /** max |X̃(w̃ − q)| over the bound rows and all neurons. */
  readonly measured: number;
  /**
   * Whether the theorem covers this path: T was random, feedback was `'path'`, one path was followed, and no step was
   * clipped.
   */
  readonly applies: boolean;
}
