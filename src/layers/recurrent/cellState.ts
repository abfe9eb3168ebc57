import {dispose, keep, type Tensor, zerosLike} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {cellsOf} from './cells.ts';

/** Frees the dropout masks that cells keep between calls, though nothing is dropped; they are of the batch that made them. */
function disposeDropoutMasks(layer: layers.Layer): void {
  for (const cell of cellsOf(layer)) {
    for (const name of ['dropoutMask', 'recurrentDropoutMask']) {
      dispose((Reflect.get(cell, name) ?? []) as Tensor | Tensor[]);
      Reflect.set(cell, name, null);
    }
  }
}

/** Frees all that calls left in a recurrent layer: dropout masks, and the states of a stateful one. */
export function disposeCellState(layer: layers.Layer): void {
  disposeDropoutMasks(layer);
  dispose(statesOf(layer) ?? []);
  Reflect.set(layer, 'states_', null);
}

/** Runs a recurrent layer so that nothing of it stays there: a stateful one starts at 0, and has its states again afterwards. */
export function withoutSideEffects<Result>(layer: layers.Layer, run: () => Result): Result {
  disposeDropoutMasks(layer);
  const states = statesOf(layer);
  if (states)
    Reflect.set(
      layer,
      'states_',
      states.map((state) => keep(zerosLike(state))),
    );
  try {
    return run();
  } finally {
    disposeDropoutMasks(layer);
    if (states) {
      dispose(statesOf(layer) ?? []);
      Reflect.set(layer, 'states_', states);
    }
  }
}

function statesOf(layer: layers.Layer): Tensor[] | undefined {
  return (Reflect.get(layer, 'states_') ?? undefined) as Tensor[] | undefined;
}
