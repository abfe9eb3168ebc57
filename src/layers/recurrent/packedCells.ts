import {add, mul, split, sub, type Tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {PackedOperand} from '../../ops/packed/packedOperand.ts';
import {PACKED_MATMUL, packedMatMul} from '../../ops/packed/packedOps.ts';
import {requireRank} from '../../ops/requireRank.ts';
import {activationOf, applyLayer, type Cell, replaceCall} from '../../tfjsInternals.ts';
import type {PackedRoute, PackedRun, PackedWeights} from '../adapter/packedRoute.ts';
import {hasBias} from '../adapter/singleKernel.ts';
import {cellWeights} from './cellKernels.ts';
import {cellsOf} from './cells.ts';

/** tfjs's own recurrent layer, with its masks, states and directions, around cells that multiply by packed kernels. */
export const packedRecurrent: PackedRoute = {
  ops: [PACKED_MATMUL],
  endsWithActivation: false,
  prepare(layer, weights) {
    usePackedCells(layer, weights, 0);
    return callThrough(layer);
  },
};

/** Runs a layer through tfjs although it has no weights. */
export function callThrough(layer: layers.Layer): PackedRun {
  layer.built = true;
  return (inputs, kwargs) => applyLayer(layer, inputs, kwargs);
}

/**
 * Makes the cells of a layer without weights compute with packed ones.
 * @param first index of the layer's first weight
 * @returns the index after its last weight
 */
export function usePackedCells(layer: layers.Layer, weights: PackedWeights, first: number): number {
  let index = first;
  for (const cell of cellsOf(layer)) {
    replaceCall(cell, packedCell(cell, weights, index));
    index += cellWeights(cell, '', 0).length;
  }
  layer.built = true;
  return index;
}

/** A cell as a function of its input and its states; it returns its output and the next states. */
type RunCell = (inputs: readonly Tensor[]) => Tensor[];

function packedCell(cell: Cell, {operand, operandsByProblem, plain}: PackedWeights, index: number): RunCell {
  const [kernel, bias] = [operand(index), hasBias(cell) ? plain(index + 2) : undefined];
  const project = (x: Tensor): Tensor => packedMatMul(requireRank(x, 2), kernel, {bias, activation: 'linear'});
  switch (cell.getClassName()) {
    case 'SimpleRNNCell':
      return simpleCell(cell, project, times(operand(index + 1)));
    case 'LSTMCell':
      return lstmCell(cell, project, times(operand(index + 1)));
    case 'GRUCell':
      return gruCell(cell, project, operandsByProblem(index + 1).map(times));
    default:
      throw new TypeError(`expected a cell of a known type, got ${cell.getClassName()}`);
  }
}

type Product = (x: Tensor) => Tensor;

function times(operand: PackedOperand): Product {
  return (x) => packedMatMul(requireRank(x, 2), operand, {bias: undefined, activation: 'linear'});
}

/** h = g(x K + b + h R) */
function simpleCell(cell: Cell, project: Product, recur: Product): RunCell {
  const activate = activationOf(cell);
  return ([x, h]) => {
    const next = activate(add(project(x), recur(h)));
    return [next, next];
  };
}

/** i, f, c̃, o = x K + b + h R; c = σ(f) c + σ(i) g(c̃), h = σ(o) g(c) */
function lstmCell(cell: Cell, project: Product, recur: Product): RunCell {
  const [activate, gate] = [activationOf(cell), activationOf(cell, 'recurrentActivation')];
  return ([x, h, c]) => {
    const [input, forget, candidate, output]: Tensor[] = split(add(project(x), recur(h)), 4, 1);
    const carry = add(mul(gate(forget), c), mul(gate(input), activate(candidate)));
    const next = mul(gate(output), activate(carry));
    return [next, next, carry];
  };
}

/** z = σ(x K_z + b_z + h R_z), r alike, h̃ = g(x K_h + b_h + (r ∘ h) R_h); h = z h + (1 − z) h̃ */
function gruCell(cell: Cell, project: Product, [recurUpdate, recurReset, recurCandidate]: readonly Product[]): RunCell {
  const [activate, gate] = [activationOf(cell), activationOf(cell, 'recurrentActivation')];
  return ([x, h]) => {
    const [update, reset, candidate]: Tensor[] = split(project(x), 3, 1);
    const z = gate(add(update, recurUpdate(h)));
    const r = gate(add(reset, recurReset(h)));
    const next = add(mul(z, h), mul(sub(1, z), activate(add(candidate, recurCandidate(mul(r, h))))));
    return [next, next];
  };
}
