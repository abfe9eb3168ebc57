import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter} from '../../layers/adapter/kernelAdapter.ts';
import type {CallList} from '../../model/callList.ts';
import {matrix} from '../../numerics/linalg/matrix.ts';
import type {QuantizedLayer} from '../../records.ts';
import {firstExact} from './letterForm.ts';
import {findScaleReceiver, isHomogeneous, type ScaleReceiver} from './scaleReceiver.ts';
import type {StockArtifacts} from './stockArtifacts.ts';
import type {StoredForm} from './storedForm.ts';

/** A kernel without its steps, and who has them. */
export interface Fold {
  readonly form: StoredForm;
  readonly receiver: string;
}

/** A layer that is to be written, with what was known of it. */
export interface FoldTarget {
  readonly layer: layers.Layer;
  readonly kernel: KernelAdapter;
  readonly record: QuantizedLayer;
}

/**
 * Takes the steps out of a kernel with one step per channel and puts them into the layer that follows, so that letters
 * alone are left:
 *
 *     W = L ∘ c,  g(xW + b) = c ∘ g(xL + b / c) for a positively homogeneous g,
 *
 * c = step / 2^k, the power of two nearest to the mean step, so that activations keep their size and L ∘ 2^k is exact.
 * Then BatchNormalization has γ·c and mean / c, or without γ the variance (σ² + ε) / c² − ε; a kernel has its rows
 * times c. The function of the model stays the same but for the rounding of these float32 numbers. A channel of step 0
 * keeps c = 1 and weights 0.
 * @param canReceive whether a layer's weights may be written to
 * @returns undefined, with nothing changed, where that is not possible
 */
export function foldScales(
  target: FoldTarget,
  artifacts: StockArtifacts,
  calls: CallList,
  canReceive: (layer: layers.Layer) => boolean,
): Fold | undefined {
  const {
    layer,
    kernel,
    record: {
      matrices,
      alphabet: {lowest, shift},
    },
  } = target;
  if (!kernel.producesLayerOutput || !isHomogeneous({activation: kernel.activation})) return undefined;
  if (matrices.some(({scales: {groups, offsets}}) => groups !== 1 || offsets)) return undefined;
  const steps = matrices.flatMap(({scales}) => Array.from(scales.steps));
  const unit = powerOfTwoUnit(steps);
  const factors = Float64Array.from(steps, (step) => (step > 0 ? step / unit : 1));
  const receiver = findScaleReceiver(layer, factors, calls, canReceive);
  const letters = receiver && lettersOf(target, artifacts.floats(layer, target.kernel.weight), unit);
  const min = unit * (lowest + shift);
  const form =
    letters &&
    firstExact(letters, [
      {scale: unit, min},
      {scale: unit / 2, min},
    ]);
  if (!form) return undefined;
  const changes = [...biasChange(target, factors, artifacts), ...changesOf(receiver, artifacts)];
  if (!changes.every(({values}) => values.every(Number.isFinite))) return undefined;
  for (const change of changes) artifacts.putFloats(change.layer, change.weight, change.values);
  return {form, receiver: receiver.layer.name};
}

/** A power of two of the size of the steps. */
export function powerOfTwoUnit(steps: readonly number[]): number {
  const live = steps.filter((step) => step > 0);
  return live.length === 0 ? 1 : 2 ** Math.round(Math.log2(live.reduce((sum, step) => sum + step, 0) / live.length));
}

/** letter · unit of every weight, 0 where pruned; undefined if a weight is not its letter times its step. */
export function lettersOf(
  {
    layer,
    kernel: adapter,
    record: {
      matrices,
      alphabet: {shift},
    },
  }: FoldTarget,
  kernel: Float32Array,
  unit: number,
): Float32Array | undefined {
  const {shape} = layer.weights[adapter.weight];
  const weights = adapter.toMatrices(kernel, shape.map(Number));
  let isTrue = true;
  const letters = matrices.map(({features, neurons, codes, mask, scales: {steps}}, p) =>
    matrix(
      features,
      neurons,
      Float64Array.from(codes, (code, i) => {
        const step = steps[i % neurons];
        const letter = mask?.[i] === 0 || step === 0 ? 0 : code + shift;
        isTrue &&= Math.fround(letter * step) === weights[p].data[i];
        return letter * unit;
      }),
    ),
  );
  return isTrue ? adapter.fromMatrices(letters, shape.map(Number)) : undefined;
}

interface Change {
  readonly layer: layers.Layer;
  readonly weight: number;
  readonly values: Float32Array;
}

/** b / c */
function biasChange(
  {layer, kernel: {bias: weight}}: FoldTarget,
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
    return scaled >= 0 ? scaled : NaN; // no variance says it: not folded
  });
  return [means, {layer, weight: variance, values: variances}];
}
