import type {layers} from '@tensorflow/tfjs-layers';
import type {CallList} from '../../model/callList.ts';
import {adapterFor} from '../../layers/registry.ts';

/** A layer that can take up factors of its input's channels, and the factors where they reach it. */
export interface ScaleTaker {
  readonly layer: layers.Layer;
  /** One for each entry of the last axis of its input. */
  readonly factors: Float64Array;
}

/** Layers f without weights of their own for which f(c ∘ x) = c ∘ f(x), c > 0 by channel: some always, some by their options. */
const PASSING: ReadonlyMap<string, (config: Config) => boolean> = new Map([
  ...['MaxPooling1D', 'MaxPooling2D', 'AveragePooling1D', 'AveragePooling2D', 'GlobalMaxPooling1D', 'GlobalMaxPooling2D', 'GlobalAveragePooling1D',
    'GlobalAveragePooling2D', 'Dropout', 'SpatialDropout1D', 'Flatten', 'Reshape', 'ZeroPadding2D', 'UpSampling2D', 'LeakyReLU']
    .map((name) => [name, () => true] as const),
  ['Activation', isHomogeneous],
  ['ReLU', ({maxValue}) => maxValue === undefined || maxValue === null],
]);

type Config = Readonly<Record<string, unknown>>;

/**
 * The layer that alone takes what a layer gives, through layers that let factors pass.
 * @param takes whether a layer's weights may be written to
 * @returns undefined if what the layer gives goes anywhere else, is changed otherwise, or a layer on the way is called more than once
 */
export function scaleTakerOf(layer: layers.Layer, factors: Float64Array, {calls, outputs}: CallList, takes: (layer: layers.Layer) => boolean): ScaleTaker | undefined {
  const own = calls.filter((call) => call.layer === layer);
  if (own.length !== 1 || !isHomogeneous(layer.getConfig()) || !isChannelsLast(layer) || [layer.outputShape].flat().at(-1) !== factors.length) return undefined;
  const [value] = own[0].outputs;
  const takers = calls.filter(({inputs}) => inputs.includes(value));
  if (takers.length !== 1 || outputs.includes(value)) return undefined;
  const [{layer: taker}] = takers;
  if (calls.filter((call) => call.layer === taker).length !== 1 || !isChannelsLast(taker)) return undefined;
  if (canTake(taker)) return takes(taker) ? {layer: taker, factors} : undefined;
  const passed = PASSING.get(taker.getClassName())?.(taker.getConfig()) === true ? tiled(factors, taker) : undefined;
  return passed && scaleTakerOf(taker, passed, {calls, inputs: [], outputs}, takes);
}

function canTake(layer: layers.Layer): boolean {
  if (layer.getClassName() !== 'BatchNormalization') return adapterFor(layer)?.weighsChannels === true;
  const {axis} = layer.getConfig();
  return axis === -1 || axis === [layer.outputShape].flat().length - 1;
}

/** Channels are the last axis, so that flattening repeats their factors. */
function tiled(factors: Float64Array, layer: layers.Layer): Float64Array | undefined {
  const size = [layer.outputShape].flat().at(-1);
  if (typeof size !== 'number' || size % factors.length !== 0) return undefined;
  return Float64Array.from({length: size}, (_, i) => factors[i % factors.length]);
}

/** Activations with g(c · x) = c · g(x) for c > 0. */
export function isHomogeneous({activation}: Config): boolean {
  return activation === undefined || activation === null || activation === 'linear' || activation === 'relu';
}

function isChannelsLast(layer: layers.Layer): boolean {
  return layer.getConfig()['dataFormat'] !== 'channelsFirst';
}
