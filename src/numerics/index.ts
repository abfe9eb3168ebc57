/**
 * The arithmetic alone, in float64: typed arrays in and out, without tfjs or RxJS.
 * @module tfjs-compress/numerics
 */

import {centerGrams as centerGramsTask} from './correction/centering.ts';
import {solveOnSupport as solveOnSupportTask} from './linalg/conjugateGradients.ts';
import {type Matrix, transpose as transposeTask} from './linalg/matrix.ts';
import {multiply as multiplyTask} from './linalg/product.ts';
import {alignWeights as alignWeightsTask} from './path/alignment.ts';
import {calibrationGain as calibrationGainTask} from './path/calibrationError.ts';
import {dampedFeedback, type FeedbackOptions} from './path/pathFeedback.ts';
import {followPath as followPathTask} from './path/pathFollowing.ts';
import {refine as refineTask} from './path/refinement.ts';
import {meanSquareScale as meanSquareScaleTask} from './scales/meanSquareScale.ts';
import {runSync, sync} from './task.ts';

// computations that stages run as tasks; here each runs to its end at once

/** Aᵀ. */
export const transpose = sync(transposeTask);
/** A · B, every entry summed in ascending order of the inner index. */
export const multiply = sync(multiplyTask);
/** Phase I: W̃ with X̃W̃ ≈ XW, by sweeps of a given order or by damped least squares. */
export const alignWeights = sync(alignWeightsTask);
/** Phase II: q_t = T(w̃_t + Σ_{s<t} F_ts (w̃_s − q_s)), feature by feature. */
export const followPath = sync(followPathTask);
/** Alternates refits of steps and offsets with cyclic passes over the codes; never increases ‖XW − X̃Q‖. */
export const refine = sync(refineTask);
/** The scale of least Σ (w − q)² for each set of weights that shares one. */
export const meanSquareScale = sync(meanSquareScaleTask);
/** How much each neuron's ‖XW − X̃Q‖² falls from one Q to another. */
export const calibrationGain = sync(calibrationGainTask);
/** The kept weights V of least ‖XW − X̃V‖² + λ‖V − W‖², by conjugate gradients. */
export const solveOnSupport = sync(solveOnSupportTask);
/** Statistics of the centred inputs: those of a layer whose bias is free. */
export const centerGrams = sync(centerGramsTask);
/** F of the recurrence, strictly lower triangular: H_ts / (C H_tt), or A_ts / A_tt with H + λI = AᵀA, or 0. */
export const pathFeedback = (gram: Matrix, options: FeedbackOptions): Matrix =>
  runSync(dampedFeedback(gram, options)).feedback;

// matrices
export {type Matrix, fromRows, matrix, toRows} from './linalg/matrix.ts';

// the recurrence
export type {AlignmentOptions} from './path/alignment.ts';
export type {FeedbackOptions} from './path/pathFeedback.ts';
export type {Path, Quantize} from './path/pathFollowing.ts';
export type {RefinementOptions} from './path/refinementState.ts';
export {type Quantized, valuesOf} from './scales/quantized.ts';

// pruning
export {keepLargest, type Mask, applyMask, type NofM, type Pattern, sparsityOf} from './linalg/mask.ts';
export type {SupportOptions} from './linalg/conjugateGradients.ts';

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
export {absMaxScale} from './scales/meanSquareScale.ts';
export {calibrationErrors} from './path/calibrationError.ts';

// statistics and bounds
export {biasShift, type GramPair, type Grams} from './correction/centering.ts';
export {pathBound, type PathBoundOptions, pathVariance} from './path/bounds.ts';

// random numbers and codes
export {philox4x32, type PhiloxWords, uniformAt} from './random.ts';
export {packCodes, unpackCodes} from './coding/bitStream.ts';
export {packLevels, unpackLevels, wordCountFor} from './coding/levels.ts';
export {type MaskExtent, type MaskForm, packMask, smallestForm, unpackMask, maskWordCount} from './coding/masks.ts';
export {packMatrices} from './coding/packMatrices.ts';
export {
  type PackedLetters,
  type PackedMatrices,
  type PackedParts,
  type Packing,
  type PartName,
  type PartSpec,
  partsOf,
  type UnpackedMatrices,
} from './coding/packing.ts';
export {unpackMatrices} from './coding/unpackMatrices.ts';
export {unpackWeights} from './coding/unpackWeights.ts';
export {kernelWords, type KernelWords, codesWithPositions} from './coding/kernelWords.ts';
