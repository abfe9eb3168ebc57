import {keepLargest, type Mask} from '../numerics/linalg/mask.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';
import type {Quantized} from '../numerics/scales/quantized.ts';
import {codeOfZero} from '../numerics/stochastic/alphabet.ts';
import {pathScores} from './pathScores.ts';
import type {ChosenPath} from './pathSearch.ts';
import type {PruneTarget, QuantizeMethod} from './quantizeMethod.ts';

/** The letters, and what to prune. */
export interface SparseLetters extends Pick<QuantizeMethod, 'alphabet'> {
  readonly prune: PruneTarget;
  /** The mask of an earlier stage. */
  readonly mask: Mask | undefined;
}

/** Prunes the letters of a path with a dead zone to exactly the wanted sparsity: the path's own zeros first. */
export function trimToSparsity(
  {codes, scales, ...path}: ChosenPath,
  aligned: Matrix,
  gram: Matrix,
  {alphabet, prune: {sparsity, pattern}, mask}: SparseLetters,
): Quantized {
  const kept = keepLargest(pathScores(aligned, path, gram, mask), pattern, sparsity).map((one, i) =>
    mask?.[i] === 0 ? 0 : one,
  );
  const zero = codeOfZero(alphabet);
  return {codes: codes.map((code, i) => (kept[i] === 0 ? zero : code)), scales, mask: kept};
}
