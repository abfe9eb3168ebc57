import {
  add,
  cast,
  expandDims,
  gather,
  relu,
  relu6,
  reshape,
  type Tensor,
  tensor1d,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {matrix} from '../../numerics/linalg/matrix.ts';
import {type FusedActivation, PACKED_MATMUL, packedMatMul} from '../../ops/packed/packedOps.ts';
import type {KernelAdapter, LayerAdapter, WeightSpec} from '../adapter/adapter.ts';
import {singleOpRoute} from '../adapter/singleKernel.ts';
import {permute} from '../matrices/permute.ts';
import {type EinsumEquation, einsumEquation} from './einsumEquation.ts';

/**
 * EinsumDense: by its equation, as 'abc,cde->abde', axes that input and kernel share are features, those of the kernel alone neurons.
 * tfjs-layers 4.22 has it, but only in its files: bundlers reach it.
 */
export const einsumDense: LayerAdapter = {
  className: 'EinsumDense',

  kernels(layer) {
    const equation = equationOf(layer);
    return typeof equation === 'string' ? [] : [kernelFor(layer, equation)];
  },

  refusal(layer) {
    const equation = equationOf(layer);
    return typeof equation === 'string' ? equation : undefined;
  },

  weights(layer, inputShape) {
    const {kernel} = requireEquation(layer);
    const sizes = sizesOf(layer, inputShape);
    return [{name: 'kernel', shape: shapeOf(kernel, sizes)}, ...biasOf(layer, sizes)];
  },

  outputShape: (layer, inputShape) => shapeOf(requireEquation(layer).output, sizesOf(layer, inputShape)),

  packed: () =>
    singleOpRoute({
      op: PACKED_MATMUL,
      run(layer, input, operand, {bias, activation}) {
        const {kept, free, output} = requireEquation(layer);
        const products = packedMatMul(rowsOf(requireEquation(layer), input), operand, {
          bias: undefined,
          activation: 'linear',
        });
        const apart = reshape(products, shapeOf(kept + free, sizesOf(layer, input.shape)));
        const sums = transpose(
          apart,
          Array.from(output, (axis) => (kept + free).indexOf(axis)),
        );
        // Of the rank of the output's last axes, as tfjs adds it: it need not be one number for each neuron.
        return ACTIVATIONS[activation](bias ? add(sums, bias) : sums);
      },
    }),
};

const ACTIVATIONS: Readonly<Record<FusedActivation, (x: Tensor) => Tensor>> = {linear: (x) => x, relu, relu6};

function kernelFor(layer: layers.Layer, equation: EinsumEquation): KernelAdapter {
  const {kernel, contracted, free, input, kept} = equation;
  const sizeOf = (axes: string, letters: string, shape: readonly number[]): number =>
    Array.from(axes, (axis) => shape[letters.indexOf(axis)]).reduce((product, size) => product * size, 1);
  const matrixAxes = Array.from(contracted + free);
  const {biasAxes, activation} = layer.getConfig();
  return {
    weight: 0,
    bias:
      typeof biasAxes === 'string' && Array.from(biasAxes).sort().join() === Array.from(free).sort().join()
        ? 1
        : undefined,
    producesLayerOutput: true,
    activation,
    matrixCount: () => 1,
    features: (shape) => sizeOf(contracted, kernel, shape),
    neurons: (shape) => sizeOf(free, kernel, shape),
    toMatrices: (weights, shape) => [
      matrix(
        sizeOf(contracted, kernel, shape),
        sizeOf(free, kernel, shape),
        permute(
          weights,
          shape,
          matrixAxes.map((axis) => kernel.indexOf(axis)),
        ),
      ),
    ],
    fromMatrices: ([{data}], shape) =>
      Float32Array.from(
        permute(
          data,
          matrixAxes.map((axis) => shape[kernel.indexOf(axis)]),
          Array.from(kernel, (axis) => matrixAxes.indexOf(axis)),
        ),
      ),
    positions: (_layer, inputShape) => sizeOf(kept.slice(1), input, inputShape),
    kernelInput: (_layer, [tensor]) => tidy(() => rowsOf(equation, tensor)),
    columns: (_layer, input, rows) =>
      tidy(() =>
        expandDims(gather<Tensor2D>(reshape(input, [-1, input.shape[input.rank - 1]]), tensor1d(rows, 'int32')), 0),
      ),
  };
}

/** X `[positions of all samples, features]`. */
function rowsOf({input, contracted, kept}: EinsumEquation, tensor: Tensor): Tensor2D {
  const turned = transpose(
    cast(tensor, 'float32'),
    Array.from(kept + contracted, (axis) => input.indexOf(axis)),
  );
  const features = turned.shape.slice(kept.length).reduce((product, size) => product * size, 1);
  return reshape(turned, [turned.size / features, features]);
}

function equationOf(layer: layers.Layer): EinsumEquation | string {
  const {equation} = layer.getConfig();
  return einsumEquation(typeof equation === 'string' ? equation : '');
}

/** The equation of a layer that is not refused. */
function requireEquation(layer: layers.Layer): EinsumEquation {
  const equation = equationOf(layer);
  if (typeof equation === 'string') throw new Error(`layer '${layer.name}': ${equation}`);
  return equation;
}

/** By axis its length; tfjs says null, but types it a number, where it is open. */
type Sizes = ReadonlyMap<string, unknown>;

/** That of the input, or what the layer says of its output, of which it leaves out the batch. */
function sizesOf(layer: layers.Layer, inputShape: readonly number[]): Sizes {
  const {input, output} = requireEquation(layer);
  const given: unknown = layer.getConfig()['outputShape'];
  const made = [given].flat();
  return new Map([
    ...Array.from(output, (axis, i) => [axis, made[i - 1]] as const),
    ...Array.from(input, (axis, i) => [axis, inputShape[i]] as const),
  ]);
}

function shapeOf(axes: string, sizes: Sizes): number[] {
  return Array.from(axes, (axis) => sizes.get(axis) as number);
}

/** As tfjs shapes it: from the first axis that it has, to the last of the output; 1 long along those that it has not. */
function biasOf(layer: layers.Layer, sizes: Sizes): WeightSpec[] {
  const {biasAxes} = layer.getConfig();
  if (typeof biasAxes !== 'string') return [];
  const {output} = requireEquation(layer);
  const first = Math.min(...Array.from(biasAxes, (axis) => output.indexOf(axis)));
  return [
    {
      name: 'bias',
      shape: Array.from(output.slice(first), (axis) => (biasAxes.includes(axis) ? Number(sizes.get(axis)) : 1)),
    },
  ];
}
