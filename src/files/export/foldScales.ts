import type {layers} from '@tensorflow/tfjs-layers';
import type {CallList} from '../../model/callList.ts';
import {findScaleReceiver, isHomogeneous, type ScaleReceiver} from './scaleReceiver.ts';
import type {StockArtifacts} from './stockArtifacts.ts';
import {findChannelScales, findUnitForm, type QuantizedKernel, type StoredForm} from './storedForm.ts';

/** A kernel without its steps, and the name of the layer that received them. */
export interface Fold {
  readonly form: StoredForm;
  readonly receiver: string;
}

/**
 * Moves the steps of a kernel with one step per channel into the layer after it, so that letters alone are left:
 *
 *     W = L ∘ c,  g(xW + b) = c ∘ g(xL + b / c) for a positively homogeneous g,
 *
 * c = step / 2^k, where 2^k is the power of two nearest to the mean step, so that activations keep their size and L ∘
 * 2^k is exact. BatchNormalization then has γ·c and mean / c, or without γ the variance (σ² + ε) / c² − ε; a kernel has
 * its rows times c. The model computes the same function up to the rounding of these float32 numbers. A channel of step
 * 0 keeps c = 1 and weights 0.
 * @param canReceive whether a layer's weights may be written to
 * @returns undefined, with nothing changed, where that is not possible
 */
export function foldScales(
  target: QuantizedKernel,
  artifacts: StockArtifacts,
  calls: CallList,
  canReceive: (layer: layers.Layer) => boolean,
): Fold | undefined {
  const {layer, kernel, record} = target;
  if (!kernel.producesLayerOutput || !isHomogeneous({activation: kernel.activation})) return undefined;
  const scales = findChannelScales(record);
  const receiver = scales && findScaleReceiver(layer, scales.factors, calls, canReceive);
  const form = receiver && findUnitForm(target, artifacts.floats(layer, kernel.weight), scales.unit);
  if (!form) return undefined;
  const changes = [...biasChange(target, scales.factors, artifacts), ...changesOf(receiver, artifacts)];
  if (!changes.every(({values}) => values.every(Number.isFinite))) return undefined;
  for (const change of changes) artifacts.putFloats(change.layer, change.weight, change.values);
  return {form, receiver: receiver.layer.name};
}

interface Change {
  readonly layer: layers.Layer;
  readonly weight: number;
  readonly values: Float32Array;
}

/** b / c */
function biasChange(
  {layer, kernel: {bias: weight}}: QuantizedKernel,
  factors: Float64Array,
  artifacts: StockArtifacts,
): Change[] {
  return weight === undefined
    ? []
    : [{layer, weight, values: artifacts.floats(layer, weight).map((bias, n) => bias / factors[n])}];
}

function changesOf({layer, factors}: ScaleReceiver, artifacts: StockArtifacts): Change[] {
  if (layer.getClassName() === 'BatchNormalization') return normChanges({layer, factors}, artifacts);
  const neurons = Number(layer.weights[0].shape.at(-1));
  const rows = artifacts
    .floats(layer, 0)
    .map((weight, i) => weight * factors[Math.floor(i / neurons) % factors.length]);
  return [{layer, weight: 0, values: rows}];
}

/** gamma and beta may be missing; the moving mean and the moving variance are the last two. */
function normChanges({layer, factors}: ScaleReceiver, artifacts: StockArtifacts): Change[] {
  const {scale, epsilon} = layer.getConfig();
  const [mean, variance] = [layer.weights.length - 2, layer.weights.length - 1];
  const means: Change = {layer, weight: mean, values: artifacts.floats(layer, mean).map((one, n) => one / factors[n])};
  if (scale !== false)
    return [means, {layer, weight: 0, values: artifacts.floats(layer, 0).map((gamma, n) => gamma * factors[n])}];
  const variances = artifacts.floats(layer, variance).map((one, n) => {
    const scaled = (one + Number(epsilon)) / factors[n] ** 2 - Number(epsilon);
    return scaled >= 0 ? scaled : NaN; // no variance gives that, so nothing is folded
  });
  return [means, {layer, weight: variance, values: variances}];
}
