import type {GramPair} from '../numerics/correction/centering.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';

/** Rows of X and X̃ side by side. */
export interface RowPair {
  readonly original: Matrix;
  readonly shadow: Matrix;
}

/** What calibration says of one problem of a layer. */
export interface ProblemStatistics extends GramPair {
  /** Rows that the statistics have not seen. Empty if there were too few samples to spare any. */
  readonly heldOut: RowPair;
  /** Some of the rows that they have seen. */
  readonly boundRows: RowPair;
  /** What else is to know of a kernel whose rows are looked up. */
  readonly lookups?: LookupCounts;
}

/** Of one problem of a kernel whose rows are looked up. */
export interface LookupCounts {
  /** Rows of the kernel that nobody looked up. */
  readonly unseen: number;
  /** Rows that only fill the problem up. */
  readonly padding: number;
  /** Rows of X that were held out, those that are 0 in this problem too: these are left out of `heldOut`. */
  readonly heldOut: number;
}
