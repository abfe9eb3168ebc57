import type {Tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {PackedOperand} from '../../ops/packed/packedOperand.ts';
import type {Epilogue, PackedOp} from '../../ops/packed/packedOps.ts';
import type {InputView, MatrixView} from './kernelAdapter.ts';
import type {LayerAdapter} from './layerAdapter.ts';
import type {PackedRoute} from './packedRoute.ts';

/** A layer type with one kernel that multiplies the layer's input, and then a bias unless `useBias` is false. */
export interface SingleKernel
  extends MatrixView, Omit<InputView, 'kernelInput'>, Pick<LayerAdapter, 'className' | 'acceptsChannelScales'> {
  /** The shape of the kernel, before the layer is built. */
  kernelShape(layer: layers.Layer, inputShape: readonly number[]): number[];
  readonly packed?: PackedOpRoute;
}

/** How the product with a packed kernel is computed, where the backend has an op for it. */
export interface PackedOpRoute extends Pick<PackedRoute, 'inputAt'> {
  readonly op: PackedOp;
  /**
   * The layer's output.
   * @param layer holds padding, strides, data format
   * @param input `[batch, …]`, what the layer is called with
   */
  run(layer: layers.Layer, input: Tensor, operand: PackedOperand, epilogue: Epilogue): Tensor;
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
        kernelInput: layerInput,
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

/** Whether a layer, or a cell of a recurrent one, adds a bias. */
export function hasBias(layer: layers.Layer): boolean {
  return layer.getConfig()['useBias'] !== false;
}

/** `kernelInput` of a kernel that multiplies the first input of its layer. */
export function layerInput(_layer: layers.Layer, [input]: readonly Tensor[]): Tensor {
  return input.clone();
}
