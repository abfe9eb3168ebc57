import type {OperatorFunction} from 'rxjs';
import {foldModel} from '../stages/correct/foldModel.ts';
import type {Compression} from '../stages/run/compression.ts';
import {stage} from './stage.ts';

/**
 * Folds every BatchNormalization into the linear layer before it, where nothing else uses that layer's output: γ (xW +
 * b − μ) / √(σ² + ε) + β = xW′ + b′ with W′ = W ∘ c, b′ = c (b − μ) + β, c = γ / √(σ² + ε). The model computes the same
 * function up to float32 rounding.
 *
 * A folded normalization is replaced by a linear Activation of its name; one that cannot be folded stays as it is, and
 * the report tells why. Without this stage normalizations stay, and `correct` re-estimates them.
 *
 * ```ts
 * compress(model).pipe(foldBatchNorm(), calibrate(x), spfqQuantize({bits: 4}), correct())
 * ```
 * Put it first: from here on `original` is the folded model, a copy that lives until the compression is disposed of.
 * The model that it was given is not changed.
 * @returns an operator whose stream ends with a ModelError after a stage that compressed layers, or for a model that
 *   cannot be rebuilt
 */
export function foldBatchNorm(): OperatorFunction<Compression, Compression> {
  return stage('foldBatchNorm', foldModel);
}
