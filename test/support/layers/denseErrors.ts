import type {Tensor} from '@tensorflow/tfjs-core';
import {type LayersModel, model as modelOf} from '@tensorflow/tfjs-layers';
import {type Matrix, matrix, multiply} from 'tfjs-compress/numerics';
import type {RowChoice} from '../numerics/rowTurns.ts';

/** Inputs of a Dense layer in a model, one row for each sample. */
export async function inputsOf(network: LayersModel, name: string, x: Tensor): Promise<Matrix> {
  const {input} = network.getLayer(name);
  if (input === network.inputs[0]) return rowsOf(x);
  const output = modelOf({inputs: network.inputs, outputs: input}).predict(x) as Tensor;
  const rows = await rowsOf(output);
  output.dispose();
  return rows;
}

async function rowsOf(x: Tensor): Promise<Matrix> {
  return matrix(x.shape[0], x.size / x.shape[0], Float64Array.from(await x.data()));
}

/** A Dense layer as matrix and bias. */
export interface DenseWeights {
  readonly kernel: Matrix;
  readonly bias: readonly number[];
}

/** Reads a Dense layer with a bias. */
export async function denseWeights(network: LayersModel, name: string): Promise<DenseWeights> {
  const [kernel, bias] = network.getLayer(name).getWeights();
  return {
    kernel: matrix(kernel.shape[0], kernel.shape[1] ?? 1, Float64Array.from(await kernel.data())),
    bias: Array.from(await bias.data()),
  };
}

/** ‖XW + b − X̃Q − c‖ / ‖XW‖ over some of the rows, in float64. */
export function relativeError(
  own: Matrix,
  before: DenseWeights,
  shadow: Matrix,
  after: DenseWeights,
  rows: RowChoice,
): number {
  const [target, actual] = [multiply(own, before.kernel), multiply(shadow, after.kernel)];
  let difference = 0,
    norm = 0;
  target.data.forEach((value, i) => {
    if (!rows(Math.floor(i / target.columns))) return;
    const n = i % target.columns;
    difference += (value + before.bias[n] - actual.data[i] - after.bias[n]) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / norm);
}
