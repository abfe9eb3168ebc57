import {
  add,
  cast,
  expandDims,
  relu,
  relu6,
  reshape,
  type Tensor,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {matrix} from '../../numerics/linalg/matrix.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';
import {type Epilogue, type FusedActivation, PACKED_MATMUL, packedMatMul} from '../../ops/packed/packedOps.ts';
import type {InputView, KernelAdapter, MatrixView} from '../adapter/kernelAdapter.ts';
import type {LayerAdapter, WeightSpec} from '../adapter/layerAdapter.ts';
import {singleOpRoute} from '../adapter/singleKernel.ts';
import {lastAxisRows} from '../matrices/lastAxisRows.ts';
import {permute} from '../matrices/permute.ts';
import {type EinsumEquation, einsumEquation} from './einsumEquation.ts';

/**
 * EinsumDense: of an equation like 'abc,cde->abde', axes that input and kernel share are features, and axes of the
 * kernel alone are neurons. tfjs-layers 4.22 has it in its files but does not export it; bundlers reach it.
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
    const sizes = axisSizes(layer, inputShape);
    return [{name: 'kernel', shape: knownShape(kernel, sizes)}, ...biasSpec(layer, sizes)];
  },

  outputShape(layer, inputShape) {
    const sizes = axisSizes(layer, inputShape);
    return Array.from(requireEquation(layer).output, (axis) => sizes.get(axis) ?? null);
  },

  packed: () =>
    singleOpRoute({
      op: PACKED_MATMUL,
      run(layer, input, operand, {bias, activation}) {
        const equation = requireEquation(layer);
        const {kept, free, output} = equation;
        const linear: Epilogue = {bias: undefined, activation: 'linear'};
        const products = packedMatMul(featureRows(equation, input), operand, linear);
        const byAxis = reshape(products, knownShape(kept + free, axisSizes(layer, input.shape)));
        const sums = transpose(byAxis, axisOrder(output, kept + free));
        // The bias has the rank of the output's last axes, as tfjs adds it: it need not be one number per neuron.
        return ACTIVATIONS[activation](bias ? add(sums, bias) : sums);
      },
    }),
};

const ACTIVATIONS: Readonly<Record<FusedActivation, (x: Tensor) => Tensor>> = {linear: (x) => x, relu, relu6};

function kernelFor(layer: layers.Layer, equation: EinsumEquation): KernelAdapter {
  const {biasAxes, activation} = layer.getConfig();
  const isByNeuron = typeof biasAxes === 'string' && sortedAxes(biasAxes) === sortedAxes(equation.free);
  return {
    weight: 0,
    bias: isByNeuron ? 1 : undefined,
    producesLayerOutput: true,
    activation,
    ...matrixView(equation),
    ...inputView(equation),
  };
}

/** W `[contracted, free]`. */
function matrixView({kernel, contracted, free}: EinsumEquation): MatrixView {
  const features = (shape: readonly number[]): number => sizeOfAxes(contracted, kernel, shape);
  const neurons = (shape: readonly number[]): number => sizeOfAxes(free, kernel, shape);
  const toMatrix = axisOrder(contracted + free, kernel);
  const toKernel = axisOrder(kernel, contracted + free);
  return {
    matrixCount: () => 1,
    features,
    neurons,
    toMatrices: (weights, shape) => [matrix(features(shape), neurons(shape), permute(weights, shape, toMatrix))],
    fromMatrices([{data}], shape) {
      const matrixShape = toMatrix.map((axis) => shape[axis]);
      return Float32Array.from(permute(data, matrixShape, toKernel));
    },
  };
}

function inputView(equation: EinsumEquation): InputView {
  const {input: axes, kept} = equation;
  return {
    positions: (_layer, inputShape) => sizeOfAxes(kept.slice(1), axes, inputShape),
    kernelInput: (_layer, [input]) => tidy(() => featureRows(equation, input)),
    columns: (_layer, input, rows) => tidy(() => expandDims(lastAxisRows(input, rows), 0)),
  };
}

/** All rows of X, `[positions of all samples, features]`. */
function featureRows({input, contracted, kept}: EinsumEquation, tensor: Tensor): Tensor2D {
  const ordered = transpose(cast(tensor, 'float32'), axisOrder(kept + contracted, input));
  const features = sizeOfAxes(contracted, input, tensor.shape);
  return reshape(ordered, [ordered.size / features, features]);
}

/** For each axis its index among others. */
function axisOrder(axes: string, others: string): number[] {
  return Array.from(axes, (axis) => others.indexOf(axis));
}

/** The product of the sizes of some axes, of a shape that has others, too. */
function sizeOfAxes(axes: string, shapeAxes: string, shape: readonly number[]): number {
  return sizeOf(axisOrder(axes, shapeAxes).map((axis) => shape[axis]));
}

function sortedAxes(axes: string): string {
  return Array.from(axes).sort().join('');
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

/** By axis its size, null where it is open. */
type AxisSizes = ReadonlyMap<string, number | null>;

/** Sizes of the input, and for other axes those of the layer's `outputShape`, which leaves out the batch. */
function axisSizes(layer: layers.Layer, inputShape: ReadonlyArray<number | null>): AxisSizes {
  const {input, output} = requireEquation(layer);
  const outputShape: unknown = layer.getConfig()['outputShape'];
  const sizes = [outputShape].flat().map((size) => (typeof size === 'number' ? size : null));
  return new Map([
    ...Array.from(output, (axis, i) => [axis, sizes[i - 1] ?? null] as const),
    ...Array.from(input, (axis, i) => [axis, inputShape[i]] as const),
  ]);
}

function knownShape(axes: string, sizes: AxisSizes): number[] {
  return Array.from(axes, (axis) => sizes.get(axis) ?? NaN);
}

/**
 * The bias as tfjs shapes it: from the first of its axes in the output to the output's last, with size 1 along axes
 * that are not its own.
 */
function biasSpec(layer: layers.Layer, sizes: AxisSizes): WeightSpec[] {
  const {biasAxes} = layer.getConfig();
  if (typeof biasAxes !== 'string') return [];
  const {output} = requireEquation(layer);
  const axes = output.slice(Math.min(...axisOrder(biasAxes, output)));
  const own = knownShape(axes, sizes);
  return [{name: 'bias', shape: own.map((size, i) => (biasAxes.includes(axes[i]) ? size : 1))}];
}
