/** What weights w_t = s · z_t + c have in common, both in float32. */
export interface SharedLetters {
  /** s, the distance of neighbouring letters. */
  readonly step: number;
  /** c, what is added to each. */
  readonly offset: number;
}

/**
 * The inner products that a refit of a shared step s and offset c needs, over the weights that share them: z are their
 * letters, e is 1 at each of them, R = GW − HQ is the residual.
 */
export interface LetterSums {
  /** ⟨z, R⟩. */
  readonly cross: number;
  /** ⟨z, Hz⟩. */
  readonly square: number;
  /** ⟨e, R⟩. */
  readonly onesCross: number;
  /** ⟨e, He⟩; 0 where c is not to be refitted. */
  readonly onesSquare: number;
  /** ⟨z, He⟩. */
  readonly mixed: number;
}

/** Below this share of its largest value the determinant is rounding noise: all letters are the same. */
const SINGULAR = 1e-9;

/**
 * The s and c that lower ‖XW − X̃Q‖² most with the letters z fixed:
 *
 *     ⟨z, Hz⟩ δs + ⟨z, He⟩ δc = ⟨z, R⟩,   ⟨e, Hz⟩ δs + ⟨e, He⟩ δc = ⟨e, R⟩
 *
 * c is solved for after s is rounded to float32, and takes up what that rounding left. Where the two cannot be told
 * apart, or rounding would raise the error, or s would leave the positive numbers, s alone is refitted: s + ⟨z, R⟩/⟨z,
 * Hz⟩.
 */
export function refitLetters(from: SharedLetters, sums: LetterSums): SharedLetters {
  // A step of 0 stands for a set of zeros; a negative one would turn the alphabet around.
  if (!(from.step > 0)) return from;
  const {cross, square, onesCross, onesSquare, mixed} = sums;
  const determinant = square * onesSquare - mixed * mixed;
  if (determinant > SINGULAR * square * onesSquare) {
    const step = Math.fround(from.step + (onesSquare * cross - mixed * onesCross) / determinant);
    const offset = Math.fround(from.offset + (onesCross - mixed * (step - from.step)) / onesSquare);
    if (step > 0 && gainOf(step - from.step, offset - from.offset, sums) > 0) return {step, offset};
  }
  const step = Math.fround(from.step + (square > 0 ? cross / square : 0));
  return step > 0 ? {...from, step} : from;
}

/** By how much changes of s and c lower the error. */
function gainOf(step: number, offset: number, {cross, square, onesCross, onesSquare, mixed}: LetterSums): number {
  return step * (2 * cross - step * square) + offset * (2 * onesCross - offset * onesSquare - 2 * step * mixed);
}

/** The sums of several sets that share s and c: errors of neurons add up. */
export function poolSums(sets: readonly LetterSums[]): LetterSums {
  const sumOf = (key: keyof LetterSums) => sets.reduce((sum, set) => sum + set[key], 0);
  return {
    cross: sumOf('cross'),
    square: sumOf('square'),
    onesCross: sumOf('onesCross'),
    onesSquare: sumOf('onesSquare'),
    mixed: sumOf('mixed'),
  };
}
