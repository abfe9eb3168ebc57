import {add, dispose, type Tensor, tensor1d, type Tensor3D, tidy, transpose} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {matrix, type Matrix, multiply} from 'tfjs-compress/numerics';
import {adapterFor} from '../../src/layers/index.ts';
import {largestDifference, uniforms} from './randomMatrices.ts';

/** How a layer's output lies. */
export interface OutputFormat {
  /** The channel axis comes right after the batch. */
  readonly channelsFirst?: boolean;
}

/**
 * Expects columns · matrices + bias to be the layer's own output, for all rows and for some of them.
 * The layer must have no activation.
 */
export async function expectColumnsToGiveOutputs(layer: layers.Layer, input: Tensor, format: OutputFormat = {}): Promise<void> {
  const expected = await rowsOfOutput(layer, input, format);
  const adapter = adapterFor(layer);
  if (!adapter) throw new Error(`no adapter for ${layer.getClassName()}`);
  const positions = adapter.positions(layer, input.shape);
  expect(positions * input.shape[0], 'positions').to.equal(expected.rows);

  const uniform = uniforms(expected.rows);
  const some = Array.from({length: 5}, () => Math.floor(uniform() * expected.rows)); // in any order, some more than once
  for (const rows of [Array.from({length: expected.rows}, (_, i) => i), some]) {
    const found = await outputsFromColumns(layer, input, Int32Array.from(rows));
    const wanted = rows.flatMap((row) => Array.from(expected.data.subarray(row * expected.columns, (row + 1) * expected.columns)));
    expect(largestDifference(found, wanted)).to.be.below(1e-5);
  }
}

/** Σ columns · W + bias, rows by neurons of all problems. */
async function outputsFromColumns(layer: layers.Layer, input: Tensor, rows: Int32Array): Promise<Float64Array> {
  const adapter = adapterFor(layer);
  const [kernel, bias] = layer.getWeights();
  const columns = adapter?.columns(layer, input, rows) as Tensor3D;
  const matrices = adapter?.toMatrices(await kernel.data(), kernel.shape) ?? [];
  const [problems, , features] = columns.shape;
  expect(columns.shape).to.deep.equal([matrices.length, rows.length, matrices[0].rows]);
  const values = Float64Array.from(await columns.data());
  columns.dispose();
  const offsets = bias === undefined ? undefined : await bias.data();
  const neurons = matrices[0].columns;
  const outputs = new Float64Array(rows.length * problems * neurons);
  matrices.forEach((weights, p) => {
    const own = matrix(rows.length, features, values.slice(p * rows.length * features, (p + 1) * rows.length * features));
    multiply(own, weights).data.forEach((value, i) => {
      const neuron = p * neurons + (i % neurons);
      outputs[Math.floor(i / neurons) * problems * neurons + neuron] = value + (offsets?.[neuron] ?? 0);
    });
  });
  return outputs;
}

/** The layer's output as rows [batch · positions, channels]. */
async function rowsOfOutput(layer: layers.Layer, input: Tensor, {channelsFirst = false}: OutputFormat): Promise<Matrix> {
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

/** Expects fromMatrices to undo toMatrices, on the kernel of a layer. */
export async function expectMatricesToRoundTrip(layer: layers.Layer): Promise<void> {
  const adapter = adapterFor(layer);
  const [kernel] = layer.getWeights();
  const values = await kernel.data<'float32'>();
  const matrices = adapter?.toMatrices(values, kernel.shape) ?? [];
  expect(matrices.every(({columns}) => columns === adapter?.neurons(kernel.shape))).to.equal(true);
  expect(adapter?.fromMatrices(matrices, kernel.shape)).to.deep.equal(values);
}

/** Builds a layer and gives it a bias that is not 0. */
export function built<Layer extends layers.Layer>(layer: Layer, shape: number[]): Layer {
  layer.build([null, ...shape.slice(1)]);
  const weights = layer.getWeights();
  const last = weights[weights.length - 1];
  if (weights.length > 1) {
    const offset = tensor1d(Array.from({length: last.size}, (_, i) => 0.1 * (i + 1)));
    const shifted = tidy(() => add(last, offset));
    layer.setWeights([...weights.slice(0, -1), shifted]);
    dispose([offset, shifted]);
  }
  return layer;
}
