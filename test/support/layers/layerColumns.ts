import {add, dispose, randomNormal, type Tensor, tensor, type Tensor3D, tidy, transpose} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {type Matrix, matrix, multiply} from 'tfjs-compress/numerics';
import type {KernelAdapter} from '../../../src/layers/adapter/kernelAdapter.ts';
import {adapterFor, kernelsOf} from '../../../src/layers/registry.ts';
import {largestDifference, uniforms} from '../numerics/randomMatrices.ts';

/** How a layer's output lies. */
export interface OutputFormat {
  /** The channel axis comes right after the batch. */
  readonly channelsFirst?: boolean;
}

/**
 * Expects of a layer's adapter that columns · matrices + bias is its output, that fromMatrices undoes toMatrices, and
 * that its weights are known before it is built.
 */
export async function expectAdapterToFit(
  make: () => layers.Layer,
  shape: number[],
  format: OutputFormat = {},
): Promise<void> {
  const layer = built(make(), shape);
  const input: Tensor = randomNormal(shape, 0, 1, 'float32', 1);
  try {
    await expectColumnsToGiveOutputs(layer, input, format);
    await expectMatricesToRoundTrip(layer);
    expectWeightsToBeKnown(make(), layer, shape);
  } finally {
    input.dispose();
    dispose(layer.getWeights());
  }
}

/** Expects the names and shapes of all weights of a layer that is not built; an only kernel may be called so. */
function expectWeightsToBeKnown(unbuilt: layers.Layer, layer: layers.Layer, shape: number[]): void {
  const kernels = adapterFor(layer)?.kernels(layer) ?? [];
  const names = layer.weights.map(({originalName}, i) =>
    kernels.length === 1 && kernels[0].weight === i ? 'kernel' : originalName.split('/').at(-1),
  );
  expect(adapterFor(unbuilt)?.weights(unbuilt, shape)).to.deep.equal(
    layer.weights.map((weight, i) => ({name: names[i], shape: weight.shape})),
  );
  if (kernels.length > 1) expect(kernels.map(({name}) => name)).to.deep.equal(kernels.map(({weight}) => names[weight]));
}

/**
 * Expects columns · matrices + bias to be the layer's own output, for all rows and for some of them.
 * The layer must have no activation.
 */
export async function expectColumnsToGiveOutputs(
  layer: layers.Layer,
  input: Tensor,
  format: OutputFormat = {},
): Promise<void> {
  const expected = await rowsOfOutput(layer, input, format);
  const kernel = outputKernelOf(layer);
  expect(kernel.positions(layer, input.shape) * input.shape[0], 'positions').to.equal(expected.rows);

  const uniform = uniforms(expected.rows);
  // In any order, some more than once.
  const some = Array.from({length: 5}, () => Math.floor(uniform() * expected.rows));
  for (const rows of [Array.from({length: expected.rows}, (_, i) => i), some]) {
    const found = await productsOf(kernel, layer, input, Int32Array.from(rows));
    const wanted = rows.flatMap((row) =>
      Array.from(expected.data.subarray(row * expected.columns, (row + 1) * expected.columns)),
    );
    expect(largestDifference(found, wanted)).to.be.below(1e-5);
  }
}

/** Columns · W + bias of a kernel, rows by neurons of all problems. */
export async function productsOf(
  kernel: KernelAdapter,
  layer: layers.Layer,
  input: Tensor,
  rows: Int32Array,
): Promise<Float64Array> {
  const weight = layer.getWeights()[kernel.weight];
  const bias = kernel.bias === undefined ? undefined : layer.getWeights()[kernel.bias];
  const kernelInput = kernel.kernelInput(layer, [input]);
  const columns: Tensor3D = kernel.columns(layer, kernelInput, rows);
  kernelInput.dispose();
  const matrices = kernel.toMatrices(await weight.data(), weight.shape);
  const [problems, , features] = columns.shape;
  expect(columns.shape).to.deep.equal([matrices.length, rows.length, matrices[0].rows]);
  const values = Float64Array.from(await columns.data());
  columns.dispose();
  const offsets = bias === undefined ? undefined : await bias.data();
  const neurons = matrices[0].columns;
  const outputs = new Float64Array(rows.length * problems * neurons);
  matrices.forEach((weights, p) => {
    const own = matrix(
      rows.length,
      features,
      values.slice(p * rows.length * features, (p + 1) * rows.length * features),
    );
    multiply(own, weights).data.forEach((value, i) => {
      const neuron = p * neurons + (i % neurons);
      outputs[Math.floor(i / neurons) * problems * neurons + neuron] = value + (offsets?.[neuron] ?? 0);
    });
  });
  return outputs;
}

/** The layer's output as rows [batch · positions, channels]. */
async function rowsOfOutput(
  layer: layers.Layer,
  input: Tensor,
  {channelsFirst = false}: OutputFormat,
): Promise<Matrix> {
  const output = tidy(() => {
    const own = layer.apply(input) as Tensor;
    const axes = Array.from({length: own.rank}, (_, axis) => axis);
    return channelsFirst ? transpose(own, [0, ...axes.slice(2), 1]) : own.clone();
  });
  const columns = output.shape[output.rank - 1];
  const data = Float64Array.from(await output.data());
  output.dispose();
  return matrix(data.length / columns, columns, data);
}

/** Expects fromMatrices to undo toMatrices, on every kernel of a layer. */
export async function expectMatricesToRoundTrip(layer: layers.Layer): Promise<void> {
  for (const {kernel} of kernelsOf(layer)) {
    const weight = layer.getWeights()[kernel.weight];
    const {shape} = weight;
    const values = await weight.data<'float32'>();
    const matrices = kernel.toMatrices(values, shape);
    expect(matrices.length).to.equal(kernel.matrixCount(shape));
    expect(
      matrices.every(({rows, columns}) => columns === kernel.neurons(shape) && rows === kernel.features(shape)),
    ).to.equal(true);
    expect(kernel.fromMatrices(matrices, shape)).to.deep.equal(values);
  }
}

/** The kernel whose products are the layer's output. */
function outputKernelOf(layer: layers.Layer): KernelAdapter {
  const found = kernelsOf(layer).find(({kernel}) => kernel.producesLayerOutput);
  if (!found) throw new Error(`no kernel of ${layer.getClassName()} gives its output`);
  return found.kernel;
}

/** Builds a layer and gives it a bias that is not 0. */
export function built<Layer extends layers.Layer>(layer: Layer, shape: number[]): Layer {
  layer.build([null, ...shape.slice(1)]);
  const weights = layer.getWeights();
  const last = weights[weights.length - 1];
  if (weights.length > 1 && layer.getConfig()['useBias'] !== false) {
    const offset = tensor(
      Array.from({length: last.size}, (_, i) => 0.1 * (i + 1)),
      last.shape,
    );
    const shifted = tidy(() => add(last, offset));
    layer.setWeights([...weights.slice(0, -1), shifted]);
    dispose([offset, shifted]);
  }
  return layer;
}
