/** The mean that a normalization subtracts, and the variance by whose root it divides. */
export interface NormStatistics {
  readonly mean: number;
  readonly variance: number;
}

/** Moments of one channel in both networks, each counted from the moving mean μ. */
export interface ChannelMoments {
  /** E x − μ. */
  readonly mean: number;
  /** E x̃ − μ. */
  readonly shadowMean: number;
  /** Var x̃. */
  readonly shadowVariance: number;
  /** Cov(x, x̃). */
  readonly covariance: number;
}

/** A channel whose slope lies outside 1/STEEPEST … STEEPEST has changed beyond matching: only its mean is moved. */
const STEEPEST = 4;

/**
 * Moving statistics (μ', v') for which normalizing x̃ is nearest, in least squares, to normalizing x with (μ, v):
 *
 *     (x̃ − μ')/√(v' + ε) ≈ (x − μ)/√(v + ε)
 *     a = Cov(x, x̃)/Var x̃,   √(v' + ε) = √(v + ε)/a,   μ' = E x̃ − (E x − μ)/a
 *
 * A channel that is constant in x̃, or nearly unrelated, keeps its variance.
 */
export function matchedNorm(
  {mean, variance}: NormStatistics,
  epsilon: number,
  channel: ChannelMoments,
): NormStatistics {
  const slope = slopeOf(channel, (variance + epsilon) / Math.max(epsilon, Number.MIN_VALUE));
  return {
    mean: mean + channel.shadowMean - channel.mean / slope,
    variance: (variance + epsilon) / slope ** 2 - epsilon,
  };
}

/** a, such that v' stays above 0: a² ≤ (v + ε)/ε. */
function slopeOf({covariance, shadowVariance}: ChannelMoments, maxSquare: number): number {
  const slope = covariance / shadowVariance;
  return slope >= 1 / STEEPEST && slope <= STEEPEST && slope ** 2 <= maxSquare ? slope : 1;
}
