/** The maximum number of paths followed to find a threshold. */
const MAX_TRIALS = 12;

/** The exact trim that follows corrects a shortfall up to this share of the weights. */
const CLOSE_ENOUGH = 0.005;

/**
 * Finds a threshold c whose path leaves the wanted number of zeros, or fewer by up to 0.5 % of the weights, within 12
 * trials of interpolation and bisection; never more zeros than wanted, unless c = 0 leaves more. The number of zeros
 * grows with c, apart from the randomness of a path.
 * @param zeros how many zeros are wanted
 * @param weights the number of weights
 * @param largest a threshold that prunes every weight
 * @param zerosAt follows a path with threshold c, and counts its zeros
 */
export async function findThreshold(
  {zeros, weights, largest}: {readonly zeros: number; readonly weights: number; readonly largest: number},
  zerosAt: (threshold: number) => Promise<number>,
): Promise<number> {
  let [low, high] = [
    {threshold: 0, zeros: 0},
    {threshold: largest, zeros: weights},
  ];
  for (let k = 0; k < MAX_TRIALS && zeros - low.zeros > CLOSE_ENOUGH * weights; k++) {
    // Every other trial halves the interval, in case the curve between its ends is far from straight.
    const share = k % 2 === 0 ? (zeros - low.zeros) / (high.zeros - low.zeros) : 0.5;
    const threshold = low.threshold + share * (high.threshold - low.threshold);
    const trial = {threshold, zeros: await zerosAt(threshold)};
    if (trial.zeros <= zeros) low = trial;
    else high = trial;
  }
  return low.threshold;
}
