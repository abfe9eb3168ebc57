/**
 * The arithmetic alone, in float64: typed arrays in and out, without tfjs or RxJS.
 * @module tfjs-compress/numerics
 */

// matrices
export {type Matrix, fromRows, matrix, toRows, transpose} from './linalg/matrix.ts';
export {multiply} from './linalg/product.ts';

// the recurrence
export {alignWeights, type AlignmentOptions} from './path/alignment.ts';
export {pathFeedback, type FeedbackOptions} from './path/pathFeedback.ts';
export {followPath, type Path, type Quantize} from './path/pathFollowing.ts';
export {refine, type RefinementOptions} from './path/refinement.ts';
export {type Quantized, valuesOf} from './scales/quantized.ts';

// pruning
export {keepLargest, type Mask, applyMask, type NofM, type Pattern, sparsityOf} from './linalg/mask.ts';
export {solveOnSupport, type SupportOptions} from './linalg/conjugateGradients.ts';

// alphabets and scales
export {
  type Alphabet,
  type AlphabetLayout,
  type AlphabetOptions,
  type Bits,
  codeOfZero,
  effectiveBits,
  letterOf,
  lettersOf,
  uniformAlphabet,
} from './stochastic/alphabet.ts';
export {type FeatureGroups, type Granularity, offsetAt, type Scales, stepAt} from './scales/scales.ts';
export {meanSquareScale, absMaxScale} from './scales/meanSquareScale.ts';
export {calibrationErrors, calibrationGain} from './path/calibrationError.ts';

// statistics and bounds
export {biasShift, centred, type GramPair, type Grams} from './correction/centering.ts';
export {pathBound, type PathBoundOptions, pathVariance} from './path/bounds.ts';

// random numbers and codes
export {philox4x32, type PhiloxWords, uniformAt} from './random.ts';
export {packCodes, unpackCodes} from './coding/bitStream.ts';
export {packLevels, unpackLevels, wordCountFor} from './coding/levels.ts';
export {type MaskExtent, type MaskForm, packMask, smallestForm, unpackMask, maskWordCount} from './coding/masks.ts';
export {
  packMatrices,
  type PackedLetters,
  type PackedMatrices,
  type PackedParts,
  type Packing,
  type PartName,
  type PartSpec,
  partsOf,
  unpackWeights,
  type UnpackedMatrices,
  unpackMatrices,
} from './coding/packedMatrices.ts';
export {kernelWords, type KernelWords, codesWithPositions} from './coding/kernelWords.ts';
