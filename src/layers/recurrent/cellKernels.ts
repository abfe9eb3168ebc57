import {
  add,
  concat,
  expandDims,
  matMul,
  mul,
  reshape,
  slice,
  split,
  stack,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {type Matrix, matrix} from '../../numerics/linalg/matrix.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';
import {requireRank} from '../../ops/requireRank.ts';
import {activationOf, type Cell} from '../../tfjsInternals.ts';
import type {KernelAdapter} from '../adapter/kernelAdapter.ts';
import type {WeightSpec} from '../adapter/layerAdapter.ts';
import {hasBias, layerInput} from '../adapter/singleKernel.ts';
import {lastAxisRows} from '../matrices/lastAxisRows.ts';
import {singleMatrix} from '../matrices/singleMatrix.ts';
import {cellsOf} from './cells.ts';
import {cellTrace, type RecurrentCall} from './cellTrace.ts';

/** Blocks of `units` columns in the kernels of a cell type. */
const GATES: ReadonlyMap<string, number> = new Map([
  ['SimpleRNNCell', 1],
  ['LSTMCell', 4],
  ['GRUCell', 3],
]);

/** Whether the kernels of a cell are known. */
export function isKnownCell(cell: Cell): boolean {
  return GATES.has(cell.getClassName());
}

/** The weights of a cell in their order, before it is built. */
export function cellWeights(cell: Cell, prefix: string, channels: number): WeightSpec[] {
  const units = unitsOf(cell);
  const columns = units * (GATES.get(cell.getClassName()) ?? NaN);
  const bias = {name: `${prefix}bias`, shape: [columns]};
  return [
    {name: `${prefix}kernel`, shape: [channels, columns]},
    {name: `${prefix}recurrent_kernel`, shape: [units, columns]},
    ...(hasBias(cell) ? [bias] : []),
  ];
}

/** The size of a cell's state h. */
export function unitsOf(cell: Cell): number {
  return Number(cell.getConfig()['units']);
}

/** A cell of a layer, and where its weights begin. */
export interface CellWeights {
  readonly cell: number;
  readonly weight: number;
  /** Prefix of the names of its weights. */
  readonly prefix: string;
}

/**
 * The kernels of a cell: `kernel` multiplies the inputs x_t of all time steps and has the bias, `recurrent_kernel` the
 * hidden states h_{t−1} that the cell itself computes. A position is a time step.
 */
export function cellKernels(cell: Cell, weights: CellWeights): KernelAdapter[] {
  const {weight, prefix} = weights;
  const inner = {producesLayerOutput: false, positions: (_layer: layers.Layer, [, time]: readonly number[]) => time};
  const units = unitsOf(cell);
  const peak = (layer: layers.Layer, inputShape: readonly number[]): number =>
    traceSize(cellsOf(layer).slice(0, weights.cell + 1), inputShape);
  return [
    {
      ...singleMatrix,
      ...inner,
      name: `${prefix}kernel`,
      weight,
      bias: hasBias(cell) ? weight + 2 : undefined,
      kernelInput: (layer, inputs, mask) =>
        weights.cell === 0
          ? layerInput(layer, inputs)
          : tracePart(layer, {tensors: inputs, mask}, weights.cell, 'inputs'),
      ...(weights.cell > 0 && {
        kernelInputSize: (layer, inputShape) => ({
          result: inputShape[1] * unitsOf(cellsOf(layer)[weights.cell - 1]),
          peak: peak(layer, inputShape),
        }),
      }),
      columns: expandRows,
    },
    {
      ...inner,
      ...(cell.getClassName() === 'GRUCell' ? gruRecurrent(weights) : plainRecurrent(weights)),
      name: `${prefix}recurrent_kernel`,
      weight: weight + 1,
      kernelInputSize: (layer, inputShape) => ({
        result: inputShape[1] * units * (cell.getClassName() === 'GRUCell' ? 2 : 1),
        peak: peak(layer, inputShape),
      }),
    },
  ];
}

/** Numbers per sample that running cells over all time steps makes: inputs and states, by step and stacked. */
export function traceSize(cells: readonly Cell[], [, time, ...step]: readonly number[]): number {
  const states = cells.reduce((sum, {stateSize}) => sum + [stateSize].flat().reduce((all, one) => all + one, 0), 0);
  return 2 * time * sizeOf(step) + 2 * time * states;
}

type Recurrent = Omit<KernelAdapter, 'name' | 'weight' | 'producesLayerOutput' | 'positions'>;

function plainRecurrent({cell}: CellWeights): Recurrent {
  return {
    ...singleMatrix,
    kernelInput: (layer, inputs, mask) => tracePart(layer, {tensors: inputs, mask}, cell, 'hidden'),
    columns: expandRows,
  };
}

/** Three matrices `[units, units]`: the update gate z and the reset gate r multiply h, the candidate r ∘ h. */
function gruRecurrent(weights: CellWeights): Recurrent {
  return {
    matrixCount: () => 3,
    features: ([units]) => units,
    neurons: ([units]) => units,
    toMatrices: (kernel, [units]) =>
      [0, 1, 2].map((gate): Matrix =>
        matrix(
          units,
          units,
          Float64Array.from({length: units * units}, (_, i) => kernel[gateIndex(gate, i, units)]),
        ),
      ),
    fromMatrices(matrices, [units]) {
      const kernel = new Float32Array(3 * units * units);
      matrices.forEach(({data}, gate) => {
        data.forEach((value, i) => {
          kernel[gateIndex(gate, i, units)] = value;
        });
      });
      return kernel;
    },
    kernelInput: (layer, inputs, mask) =>
      tidy(() => {
        const {inputs: x, hidden} = cellTrace(layer, {tensors: inputs, mask}, weights.cell);
        return concat([hidden, mul(resetGate(layer, weights, x, hidden), hidden)], -1);
      }),
    columns: (_layer, input, rows) =>
      tidy(() => {
        const [hidden, reset]: Tensor[] = split(lastAxisRows(input, rows), 2, 1);
        return requireRank(stack([hidden, hidden, reset]), 3);
      }),
  };
}

/** Index of entry i of a gate's matrix in the flattened kernel `[units, 3 · units]`. */
function gateIndex(gate: number, i: number, units: number): number {
  return (Math.floor(i / units) * 3 + gate) * units + (i % units);
}

/** r = σ(x K_r + b_r + h R_r) at all time steps. */
function resetGate(layer: layers.Layer, {cell: k, weight}: CellWeights, x: Tensor, hidden: Tensor): Tensor {
  const cell = cellsOf(layer)[k];
  const units = unitsOf(cell);
  const [kernel, recurrentKernel, bias] = layer.getWeights().slice(weight);
  const times = (rows: Tensor, columns: Tensor): Tensor =>
    matMul(reshape(rows, [-1, columns.shape[0]]), slice(columns, [0, units], [-1, units]));
  const sums = add(times(x, kernel), times(hidden, recurrentKernel));
  const activate = activationOf(cell, 'recurrentActivation');
  return reshape(activate(hasBias(cell) ? add(sums, slice(bias, [units], [units])) : sums), hidden.shape);
}

function expandRows(_layer: layers.Layer, input: Tensor, rows: Int32Array): ReturnType<KernelAdapter['columns']> {
  return tidy(() => expandDims(lastAxisRows(input, rows), 0));
}

/** One tensor of a trace; it belongs to the caller. */
function tracePart(layer: layers.Layer, call: RecurrentCall, cell: number, part: 'inputs' | 'hidden'): Tensor {
  return tidy(() => cellTrace(layer, call, cell)[part]);
}
