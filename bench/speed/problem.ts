import {add, matMul, mul, randomNormal, relu, type Tensor2D, tidy} from '@tensorflow/tfjs-core';
import {type Matrix, matrix} from '../../src/numerics/linalg/matrix.ts';

/** The size of a layer and of its calibration data. */
export interface ProblemSize {
  readonly features: number;
  readonly neurons: number;
  readonly rows: number;
}

/** A layer's weights, and its inputs in the original network and in the shadow. */
export interface SyntheticProblem {
  /** W `[features, neurons]`. */
  readonly weights: Matrix;
  /** X `[rows, features]`. */
  readonly original: Tensor2D;
  /** X̃ `[rows, features]`: X and noise, after ReLU as X is. */
  readonly shadow: Tensor2D;
}

/**
 * Directions that the inputs share: hidden activations are correlated, and errors of one feature can be taken up by
 * others.
 */
const DIRECTIONS = 192;
const OWN_NOISE = 0.5;
const SHADOW_NOISE = 0.1;

/** ReLU activations with correlated features, the same on every call. */
export function syntheticProblem({features, neurons, rows}: ProblemSize): SyntheticProblem {
  const {original, shadow, weights} = tidy(() => {
    const mixing: Tensor2D = mul(normal([DIRECTIONS, features], 2), DIRECTIONS ** -0.5);
    const mixed = matMul(normal([rows, DIRECTIONS], 1), mixing);
    const before: Tensor2D = add(mixed, mul(normal([rows, features], 3), OWN_NOISE));
    const disturbed: Tensor2D = add(before, mul(normal([rows, features], 4), SHADOW_NOISE));
    const weights: Tensor2D = mul(normal([features, neurons], 5), features ** -0.5);
    return {original: relu(before), shadow: relu(disturbed), weights};
  });
  const values = Float64Array.from(weights.dataSync());
  weights.dispose();
  return {weights: matrix(features, neurons, values), original, shadow};
}

function normal(shape: [number, number], seed: number): Tensor2D {
  return randomNormal(shape, 0, 1, 'float32', seed);
}
