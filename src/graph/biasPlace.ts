import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter} from '../layers/adapter.ts';
import type {Shadow} from './shadow.ts';
import {kernelOf, type LayerSite} from './sites.ts';

/** Where a constant can be added to every output of a layer. */
export interface BiasPlace {
  /** The layer of the copy that takes it, and the one it stands for. */
  readonly layer: layers.Layer;
  readonly original: layers.Layer;
  /** The index among the layer's weights. */
  readonly weight: number;
  /** 1 for a bias, −1 for the moving mean of a BatchNormalization, which is subtracted. */
  readonly sign: 1 | -1;
}

/**
 * The kernel's own bias; else the moving mean of a BatchNormalization that takes all it gives, and nothing else takes.
 * Without either there is nothing that could take up a mean error.
 */
export function biasPlaceOf({layer, original, kernel, calls}: LayerSite, shadow: Shadow): BiasPlace | undefined {
  if (kernel.bias !== undefined) return {layer, original, weight: kernel.bias, sign: 1};
  if (!kernel.givesOutput) return undefined;
  const takers = new Set(calls.map((call) => soleTaker(call, shadow)));
  const [taker] = takers;
  if (takers.size !== 1 || taker === undefined) return undefined;
  const [norm, twin] = [shadow.original.calls[taker].layer, shadow.copy.calls[taker].layer];
  const {shape} = kernelOf(original, kernel);
  if (!isLinear(kernel) || !normalizesLastAxis(norm, original, kernel.problems(shape) * kernel.neurons(shape)) || callsOf(norm, shadow) !== calls.length) return undefined;
  // gamma and beta may be missing; moving mean and moving variance are always the last two.
  return {layer: twin, original: norm, weight: norm.getWeights().length - 2, sign: -1};
}

/** The one call that takes what a call gives, as the representative of its layer's first call. */
function soleTaker(call: number, {original: {calls, outputs}}: Shadow): number | undefined {
  const [value] = calls[call].outputs;
  const takers = calls.flatMap(({inputs}, index) => (inputs.includes(value) ? [index] : []));
  if (takers.length !== 1 || outputs.includes(value)) return undefined;
  return calls.findIndex(({layer}) => layer === calls[takers[0]].layer);
}

function callsOf(layer: layers.Layer, {original}: Shadow): number {
  return original.calls.filter((call) => call.layer === layer).length;
}

function isLinear({activation}: KernelAdapter): boolean {
  return activation === undefined || activation === null || activation === 'linear';
}

/** Whether the normalized axis is that of the layer's neurons, and of all of them. */
function normalizesLastAxis(norm: layers.Layer, layer: layers.Layer, neurons: number): boolean {
  if (norm.getClassName() !== 'BatchNormalization') return false;
  const {axis} = norm.getConfig();
  const shape = [layer.outputShape].flat();
  const rank = shape.length;
  return shape[rank - 1] === neurons && (axis === -1 || axis === rank - 1) && layer.getConfig().dataFormat !== 'channelsFirst';
}
