import {add, cast, dispose, expandDims, mul, stack, sub, type Tensor, tidy, unstack} from '@tensorflow/tfjs-core';
import {type layers, RNN} from '@tensorflow/tfjs-layers';

/** A cell of a recurrent layer. */
export type Cell = RNN['cell'];

/** What a cell is called with at all time steps, `[batch, time, …]`; the steps in the order of the layer's input, also where it goes backwards. */
export interface CellTrace {
  /** x_t, or what the cell before it gives. */
  readonly inputs: Tensor;
  /** h_{t−1} */
  readonly hidden: Tensor;
}

/** What a layer is called with: its input and, if any, initial states; and which time steps count. */
export interface RecurrentCall {
  readonly tensors: readonly Tensor[];
  readonly mask: Tensor | undefined;
}

/** A layer as the recurrent one that it is. */
export function recurrentOf(layer: layers.Layer): RNN {
  if (layer instanceof RNN) return layer;
  throw new TypeError(`layer '${layer.name}': expected a recurrent layer, got a ${layer.getClassName()}`);
}

/** The cells of a recurrent layer, in the order in which they meet the data: one, unless they are stacked. */
export function cellsOf(layer: layers.Layer): readonly Cell[] {
  const {cell} = recurrentOf(layer);
  return cell.getClassName() === 'StackedRNNCells' ? Reflect.get(cell, 'cells') as Cell[] : [cell];
}

/**
 * Runs the cells of a layer up to one of them, step by step, with their weights as they are.
 * A step that does not count leaves all states as they were, as in tfjs. The tensors belong to the caller.
 * @param k the cell whose trace it is
 */
export function cellTrace(layer: layers.Layer, {tensors: [input, ...initial], mask}: RecurrentCall, k: number): CellTrace {
  settleCells(layer);
  const trace = tidy(() => {
    const rnn = recurrentOf(layer);
    const cells = cellsOf(layer).slice(0, k + 1);
    const steps = unstack(cast(input, 'float32'), 1);
    const counts = mask && stepMasks(mask, input.rank);
    const [inputs, hidden] = [[...steps], [...steps]];
    let states = statesByCell(cellsOf(layer), initial.length > 0 ? initial : rnn.getInitialState(input));
    for (const t of rnn.goBackwards ? [...steps.keys()].reverse() : steps.keys()) {
      let output = steps[t];
      states = cells.map((cell, c) => {
        [inputs[t], hidden[t]] = [output, states[c][0]]; // the last one that writes is cell k
        const [given, ...next] = cell.call([output, ...states[c]], {training: false}) as Tensor[];
        output = given;
        return counts ? next.map((state, i) => keptWhere(counts[t], state, states[c][i])) : next;
      });
    }
    return {inputs: stack(inputs, 1), hidden: stack(hidden, 1)};
  });
  settleCells(layer);
  return trace;
}

/** Frees the dropout masks that cells keep between calls, though nothing is dropped; they are of the batch that made them. */
export function settleCells(layer: layers.Layer): void {
  for (const cell of cellsOf(layer)) {
    for (const name of ['dropoutMask', 'recurrentDropoutMask']) {
      dispose((Reflect.get(cell, name) ?? []) as Tensor | Tensor[]);
      Reflect.set(cell, name, null);
    }
  }
}

/** tfjs lists the states of the last cell first. */
function statesByCell(cells: readonly Cell[], states: readonly Tensor[]): Tensor[][] {
  let from = 0;
  return [...cells].reverse().map(({stateSize}) => states.slice(from, from += [stateSize].flat().length)).reverse();
}

/** By time step, as wide as a state of the same rank: 1 where it counts. */
function stepMasks(mask: Tensor, inputRank: number): Tensor[] {
  const counts = cast(cast(mask, 'bool'), 'float32');
  return unstack(counts.rank === inputRank - 1 ? expandDims(counts, -1) : counts, 1);
}

function keptWhere(counts: Tensor, after: Tensor, before: Tensor): Tensor {
  return add(mul(after, counts), mul(before, sub(1, counts)));
}
