import type {GramPair} from '../numerics/correction/centering.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';

/** Rows of X and X̃ side by side. */
export interface RowPair {
  readonly original: Matrix;
  readonly shadow: Matrix;
}

/**
 * The calibration statistics of one problem of a layer: H = X̃ᵀX̃, G = X̃ᵀX and the mean rows of X and X̃ over the
 * calibrated rows, and two samples of rows ({@link RowPlan}).
 */
export interface ProblemStatistics extends GramPair {
  /** Rows that are not in H and G: reported errors are measured on them. Empty if there were too few rows. */
  readonly heldOut: RowPair;
  /** Rows that are in H and G: the bound of the theorem is checked on them. */
  readonly boundRows: RowPair;
  /** Counts for a kernel whose rows are looked up. */
  readonly lookups?: LookupCounts;
}

/** Counts for one problem of an embedding. */
export interface LookupCounts {
  /** Rows of the kernel that were never looked up. */
  readonly unseen: number;
  /** Padding rows of the last group. */
  readonly padding: number;
  /** Held-out rows of X, including those that are 0 in this problem and thus not in `heldOut`. */
  readonly heldOut: number;
}
