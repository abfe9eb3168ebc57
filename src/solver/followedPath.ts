import type {Matrix} from '../numerics/linalg/matrix.ts';
import type {Quantized} from '../numerics/scales/quantized.ts';

/** What came of it. */
export interface QuantizedWeights extends Quantized {
  /** Q `[features, neurons]`. */
  readonly values: Matrix;
  /** What the bound of the theory speaks of. */
  readonly path: FollowedPath;
}

/** What a path made of W̃, before anything else: what the bound of the theory speaks of. */
export interface FollowedPath {
  /** W̃ `[features, neurons]`. */
  readonly aligned: Matrix;
  /** Q of the path `[features, neurons]`. */
  readonly values: Matrix;
  /** K with |T(x) − x| ≤ K. */
  readonly radius: number;
  /** C. */
  readonly scaling: number;
  /** max_t ‖X̃_t‖², as the path met it: of centred columns, with the ridge. */
  readonly largestNorm: number;
  /** Steps whose argument lay outside the alphabet's range. */
  readonly clipped: number;
  /** Whether E T(x) = x on every step that was not clipped: T was random, and nothing but T chose. */
  readonly isUnbiased: boolean;
  /** λ / mean diag H of optimal feedback, after escalation. */
  readonly damping: number | undefined;
  /** Which implementation followed it. */
  readonly kernel: string;
}
