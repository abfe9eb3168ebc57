import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter} from './adapter/kernelAdapter.ts';
import type {LayerAdapter} from './adapter/layerAdapter.ts';
import {conv1d} from './convolution/conv1d.ts';
import {conv2d} from './convolution/conv2d.ts';
import {conv3d} from './convolution/conv3d.ts';
import {conv2dTranspose, conv3dTranspose} from './convolution/convTranspose.ts';
import {depthwiseConv2d} from './convolution/depthwiseConv2d.ts';
import {separableConv2d} from './convolution/separableConv2d.ts';
import {dense} from './dense/dense.ts';
import {einsumDense} from './dense/einsumDense.ts';
import {embedding} from './dense/embedding.ts';
import {convLstm2d} from './recurrent/convLstm2d.ts';
import {recurrents} from './recurrent/recurrent.ts';
import {bidirectional} from './wrappers/bidirectional.ts';
import {timeDistributed} from './wrappers/timeDistributed.ts';

const all: readonly LayerAdapter[] = [
  dense,
  conv1d,
  conv2d,
  conv3d,
  depthwiseConv2d,
  separableConv2d,
  conv2dTranspose,
  conv3dTranspose,
  einsumDense,
  embedding,
  ...recurrents,
  convLstm2d,
  timeDistributed(adapterFor),
  bidirectional(adapterFor),
];

const adapters: ReadonlyMap<string, LayerAdapter> = new Map(all.map((adapter) => [adapter.className, adapter]));

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

/** A kernel of a layer, and its name in the model. */
export interface NamedKernel {
  /** The layer's own name where it has one kernel, else followed by the kernel's: `lstm/recurrent_kernel`. */
  readonly name: string;
  readonly kernel: KernelAdapter;
}

/** The kernels of a layer, in the order in which they are applied; none of a type without adapter. */
export function kernelsOf(layer: layers.Layer): NamedKernel[] {
  const kernels = adapterFor(layer)?.kernels(layer) ?? [];
  return kernels.map((kernel) => ({name: kernelName(layer.name, kernel), kernel}));
}

/** The name of a kernel in a model. */
export function kernelName(layer: string, {name}: KernelAdapter): string {
  return name === undefined ? layer : `${layer}/${name}`;
}
