import {add, cast, expandDims, mul, stack, sub, type Tensor, tidy, unstack} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {Cell} from '../../tfjsInternals.ts';
import {cellsOf, recurrentOf} from './cells.ts';
import {withoutSideEffects} from './cellState.ts';

/**
 * What a cell is called with at all time steps, `[batch, time, …]`. The steps are in the order of the layer's input,
 * also in a layer that goes backwards.
 */
export interface CellTrace {
  /** x_t, or the output of the cell before. */
  readonly inputs: Tensor;
  /** h_{t−1} */
  readonly hidden: Tensor;
}

/**
 * What a layer is called with: its input and, if any, initial states; and a mask that is 1 for time steps that count.
 */
export interface RecurrentCall {
  readonly tensors: readonly Tensor[];
  readonly mask: Tensor | undefined;
}

/**
 * Runs the cells of a layer up to one of them, step by step, with their weights as they are.
 * A masked step leaves all states as they were, as in tfjs. The tensors belong to the caller.
 * @param k index of the cell to trace
 */
export function cellTrace(
  layer: layers.Layer,
  {tensors: [input, ...initial], mask}: RecurrentCall,
  k: number,
): CellTrace {
  return withoutSideEffects(layer, () =>
    tidy(() => {
      const rnn = recurrentOf(layer);
      const cells = cellsOf(layer).slice(0, k + 1);
      const steps = unstack(cast(input, 'float32'), 1);
      const counts = mask && stepMasks(mask, input.rank);
      const [inputs, hidden] = [[...steps], [...steps]];
      let states = statesByCell(cellsOf(layer), initial.length > 0 ? initial : rnn.getInitialState(input));
      for (const t of rnn.goBackwards ? [...steps.keys()].reverse() : steps.keys()) {
        let output = steps[t];
        states = cells.map((cell, c) => {
          [inputs[t], hidden[t]] = [output, states[c][0]]; // cell k is the last to write
          const [given, ...next] = [cell.call([output, ...states[c]], {training: false})].flat();
          output = given;
          return counts ? next.map((state, i) => selectWhere(counts[t], state, states[c][i])) : next;
        });
      }
      return {inputs: stack(inputs, 1), hidden: stack(hidden, 1)};
    }),
  );
}

/** tfjs lists the states of the last cell first. */
function statesByCell(cells: readonly Cell[], states: readonly Tensor[]): Tensor[][] {
  let from = 0;
  return [...cells]
    .reverse()
    .map(({stateSize}) => states.slice(from, (from += [stateSize].flat().length)))
    .reverse();
}

/** Masks by time step, of the rank of a state: 1 where the step counts. */
function stepMasks(mask: Tensor, inputRank: number): Tensor[] {
  const counts = cast(cast(mask, 'bool'), 'float32');
  return unstack(counts.rank === inputRank - 1 ? expandDims(counts, -1) : counts, 1);
}

function selectWhere(counts: Tensor, after: Tensor, before: Tensor): Tensor {
  return add(mul(after, counts), mul(before, sub(1, counts)));
}
