import type {layers} from '@tensorflow/tfjs-layers';
import type {LayerAdapter} from './adapter.ts';
import {conv1d} from './conv1d.ts';
import {conv2d} from './conv2d.ts';
import {dense} from './dense.ts';
import {depthwiseConv2d} from './depthwiseConv2d.ts';

const adapters: ReadonlyMap<string, LayerAdapter> = new Map(
  [dense, conv1d, conv2d, depthwiseConv2d].map((adapter) => [adapter.className, adapter]),
);

/** The adapter of a layer's type, if it has one. */
export function adapterFor(layer: layers.Layer): LayerAdapter | undefined {
  return adapterOfClass(layer.getClassName());
}

/** The adapter of a layer type, if it has one. */
export function adapterOfClass(className: string): LayerAdapter | undefined {
  return adapters.get(className);
}

/** The layer types that can be compressed, for messages. */
export function supportedClassNames(): string[] {
  return [...adapters.keys()];
}
