import type {layers} from '@tensorflow/tfjs-layers';

/** Whether the channel axis of a layer's input and output comes before the spatial ones. */
export function isChannelsFirst(layer: layers.Layer): boolean {
  return layer.getConfig()['dataFormat'] === 'channelsFirst';
}

/**
 * Whether a layer is a BatchNormalization over the last axis.
 * @param producer a layer whose output it normalizes; its own output has as many axes
 */
export function normalizesLastAxis(layer: layers.Layer, producer = layer): boolean {
  if (layer.getClassName() !== 'BatchNormalization') return false;
  const {axis} = layer.getConfig();
  return axis === -1 || axis === [producer.outputShape].flat().length - 1;
}
