/** The quantities that the bound of a path depends on. */
export interface PathBoundOptions {
  /** K with |T(x) − x| ≤ K: the step of a stochastic quantizer, the threshold of a stochastic pruner. */
  readonly radius: number;
  /** C ≥ 1. */
  readonly scaling: number;
  /** max_t ‖X̃_t‖², the greatest diagonal entry of H. */
  readonly largestNorm: number;
  /** m, the number of rows of X̃ over which the maximum is taken. */
  readonly rows: number;
  /** The probability with which the bound may fail. */
  readonly probability: number;
}

/**
 * A bound on ‖X̃(w̃ − q)‖_∞ that holds with probability at least 1 − p if no weight was clipped:
 *
 *     2σ √log(√2 m / p),   σ² = (πK²/2) · C²/(2C − 1) · max_t ‖X̃_t‖²
 *
 * X̃(w̃ − q) is dominated in convex order by N(0, σ²I) (Zhang & Saab 2024), whose tails the lemma on Gaussian tails of
 * Zhang & Saab 2023 bounds.
 */
export function pathBound({radius, scaling, largestNorm, rows, probability}: PathBoundOptions): number {
  const sigma = Math.sqrt(pathVariance({radius, scaling, largestNorm}));
  return 2 * sigma * Math.sqrt(Math.log((Math.SQRT2 * rows) / probability));
}

/** σ² of {@link pathBound}. */
export function pathVariance({
  radius,
  scaling,
  largestNorm,
}: Pick<PathBoundOptions, 'radius' | 'scaling' | 'largestNorm'>): number {
  return ((Math.PI * radius ** 2) / 2) * (scaling ** 2 / (2 * scaling - 1)) * largestNorm;
}
