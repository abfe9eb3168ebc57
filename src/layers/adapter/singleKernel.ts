import type {Tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {PackedOperand} from '../../ops/packed/packedOperand.ts';
import type {Epilogue, PackedOp} from '../../ops/packed/packedOps.ts';
import type {KernelAdapter, LayerAdapter, PackedRoute} from './adapter.ts';

/** A layer type with one kernel, and a bias behind it unless `useBias` is false. */
export interface SingleKernel extends Omit<
  KernelAdapter,
  'name' | 'weight' | 'bias' | 'producesLayerOutput' | 'activation' | 'kernelInput'
> {
  readonly className: string;
  /** The shape of the kernel, before the layer is built. */
  kernelShape(layer: layers.Layer, inputShape: readonly number[]): number[];
  readonly acceptsChannelScales?: boolean;
  readonly packed?: PackedOpRoute;
}

/** How the product with a packed kernel is computed, where the backend has an op for it. */
export interface PackedOpRoute {
  readonly op: PackedOp;
  /**
   * What the layer gives.
   * @param layer says how: padding, strides, data format
   * @param input `[batch, …]`, what the layer is called with
   */
  run(layer: layers.Layer, input: Tensor, operand: PackedOperand, epilogue: Epilogue): Tensor;
  /** As of a {@link PackedRoute}. */
  readonly inputAt?: PackedRoute['inputAt'];
}

/** The adapter of a layer type that multiplies its input with its only kernel. */
export function singleKernel({
  className,
  kernelShape,
  acceptsChannelScales = false,
  packed,
  ...kernel
}: SingleKernel): LayerAdapter {
  return {
    className,
    acceptsChannelScales,
    kernels: (layer) => [
      {
        ...kernel,
        weight: 0,
        bias: hasBias(layer) ? 1 : undefined,
        producesLayerOutput: true,
        activation: layer.getConfig()['activation'],
        kernelInput: onlyInput,
      },
    ],
    weights(layer, inputShape) {
      const shape = kernelShape(layer, inputShape);
      const bias = {name: 'bias', shape: [kernel.matrixCount(shape) * kernel.neurons(shape)]};
      return [{name: 'kernel', shape}, ...(hasBias(layer) ? [bias] : [])];
    },
    ...(packed && {packed: () => singleOpRoute(packed)}),
  };
}

/** The route of a layer whose first weight is its only kernel, and whose second, if any, its bias. */
export function singleOpRoute({op, run, inputAt}: PackedOpRoute): PackedRoute {
  return {
    ...(inputAt && {inputAt}),
    ops: [op],
    endsWithActivation: true,
    prepare(layer, {operand, plain, activation}) {
      const [kernel, bias] = [operand(0), plain(1)];
      return ([input]) => run(layer, input, kernel, {bias, activation});
    },
  };
}

/** Whether a layer adds a bias. */
export function hasBias(layer: layers.Layer): boolean {
  return layer.getConfig()['useBias'] !== false;
}

/** Of a kernel that meets what its layer is called with. */
export function onlyInput(_layer: layers.Layer, [input]: readonly Tensor[]): Tensor {
  return input;
}
