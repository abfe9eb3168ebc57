/**
 * The arithmetic alone, in float64: typed arrays in and out, without tfjs or RxJS.
 * @module tfjs-compress/numerics
 */

// matrices
export {type Matrix, fromRows, matrix, toRows, transpose} from './matrix.ts';
export {multiply} from './product.ts';

// the recurrence
export {alignWeights, type AlignmentOptions} from './alignment.ts';
export {pathFeedback, type FeedbackOptions} from './pathFeedback.ts';
export {followPath, type Path, type Quantize} from './pathFollowing.ts';
export {refine, type RefinementOptions} from './refinement.ts';
export {type Quantized, valuesOf} from './quantized.ts';

// pruning
export {keepLargest, type Mask, masked, type NofM, type Pattern, sparsityOf} from './mask.ts';
export {solveOnSupport, type SupportOptions} from './supportLeastSquares.ts';

// alphabets and scales
export {type Alphabet, type AlphabetLayout, type AlphabetOptions, type Bits, codeOfZero, effectiveBits, letterOf, lettersOf, uniformAlphabet} from './alphabet.ts';
export {type FeatureGroups, type Granularity, offsetAt, type Scales, stepAt} from './scales.ts';
export {meanSquareScale, widestScale} from './meanSquareScale.ts';
export {calibrationErrors, calibrationGain} from './reconstructionError.ts';

// statistics and bounds
export {biasShift, centred, type GramPair, type Grams} from './centering.ts';
export {pathBound, type PathBoundOptions, pathVariance} from './bounds.ts';

// random numbers and codes
export {philox4x32, type PhiloxWords, uniformAt} from './random.ts';
export {packCodes, unpackCodes} from './packing.ts';
export {packLevels, unpackLevels, wordsFor} from './levelPacking.ts';
export {type MaskExtent, type MaskForm, packMask, smallestForm, unpackMask, wordsOfMask} from './maskPacking.ts';
export {
  packMatrices, type PackedLetters, type PackedMatrices, type PackedParts, type Packing, type PartName, type PartSpec, partsOf, unpackedWeights, type UnpackedMatrices, unpackMatrices,
} from './packedMatrices.ts';
export {kernelCodes, type KernelCodes, placedCodes} from './kernelCodes.ts';
