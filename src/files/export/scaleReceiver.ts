import type {layers} from '@tensorflow/tfjs-layers';
import {isChannelsFirst, normalizesLastAxis} from '../../layers/adapter/channelAxis.ts';
import {adapterFor} from '../../layers/registry.ts';
import type {CallList} from '../../model/callList.ts';

/** A layer that can absorb factors of its input's channels, and the factors at its input. */
export interface ScaleReceiver {
  readonly layer: layers.Layer;
  /** One for each entry of the last axis of its input. */
  readonly factors: Float64Array;
}

/** Layers f without weights for which f(c ∘ x) = c ∘ f(x) with c > 0 by channel: some always, some by their options. */
const SCALE_EQUIVARIANT: ReadonlyMap<string, (config: Config) => boolean> = new Map([
  ...[
    'MaxPooling1D',
    'MaxPooling2D',
    'AveragePooling1D',
    'AveragePooling2D',
    'GlobalMaxPooling1D',
    'GlobalMaxPooling2D',
    'GlobalAveragePooling1D',
    'GlobalAveragePooling2D',
    'Dropout',
    'SpatialDropout1D',
    'Flatten',
    'Reshape',
    'ZeroPadding2D',
    'UpSampling2D',
    'LeakyReLU',
  ].map((name) => [name, () => true] as const),
  ['Activation', isHomogeneous],
  ['ReLU', ({maxValue}) => maxValue === undefined || maxValue === null],
]);

type Config = Readonly<Record<string, unknown>>;

/**
 * Finds the only consumer of a layer's output, through layers that are scale-equivariant.
 * @param canReceive whether a layer's weights may be written to
 * @returns undefined if the output is used elsewhere, is changed otherwise, or a layer on the way is called more than
 *   once
 */
export function findScaleReceiver(
  layer: layers.Layer,
  factors: Float64Array,
  {calls, outputs}: CallList,
  canReceive: (layer: layers.Layer) => boolean,
): ScaleReceiver | undefined {
  const own = calls.filter((call) => call.layer === layer);
  if (
    own.length !== 1 ||
    !isHomogeneous(layer.getConfig()) ||
    isChannelsFirst(layer) ||
    [layer.outputShape].flat().at(-1) !== factors.length
  )
    return undefined;
  const [value] = own[0].outputs;
  const consumers = calls.filter(({inputs}) => inputs.includes(value));
  if (consumers.length !== 1 || outputs.includes(value)) return undefined;
  const [{layer: receiver}] = consumers;
  if (calls.filter((call) => call.layer === receiver).length !== 1 || isChannelsFirst(receiver)) return undefined;
  if (canReceiveScales(receiver)) return canReceive(receiver) ? {layer: receiver, factors} : undefined;
  const passed =
    SCALE_EQUIVARIANT.get(receiver.getClassName())?.(receiver.getConfig()) === true
      ? tileFactors(factors, receiver)
      : undefined;
  return passed && findScaleReceiver(receiver, passed, {calls, inputs: [], outputs}, canReceive);
}

function canReceiveScales(layer: layers.Layer): boolean {
  return normalizesLastAxis(layer) || adapterFor(layer)?.acceptsChannelScales === true;
}

/** The factors at a layer's output. Channels are the last axis, so flattening repeats their factors. */
function tileFactors(factors: Float64Array, layer: layers.Layer): Float64Array | undefined {
  const size = [layer.outputShape].flat().at(-1);
  if (typeof size !== 'number' || size % factors.length !== 0) return undefined;
  return Float64Array.from({length: size}, (_, i) => factors[i % factors.length]);
}

/** Activations with g(c · x) = c · g(x) for c > 0. */
export function isHomogeneous({activation}: Config): boolean {
  return activation === undefined || activation === null || activation === 'linear' || activation === 'relu';
}
