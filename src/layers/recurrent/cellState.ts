import {dispose, keep, zerosLike} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {setStates, statesOf, takeDropoutMasks} from '../../tfjsInternals.ts';
import {cellsOf} from './cells.ts';

/** Frees what calls left in a recurrent layer: dropout masks, and the states of a stateful one. */
export function disposeCellState(layer: layers.Layer): void {
  disposeDropoutMasks(layer);
  dispose(statesOf(layer) ?? []);
  setStates(layer, null);
}

/** Runs a recurrent layer without changing it: a stateful one starts at 0 and gets its states back afterwards. */
export function withoutSideEffects<Result>(layer: layers.Layer, run: () => Result): Result {
  disposeDropoutMasks(layer);
  const states = statesOf(layer);
  if (states)
    setStates(
      layer,
      states.map((state) => keep(zerosLike(state))),
    );
  try {
    return run();
  } finally {
    disposeDropoutMasks(layer);
    if (states) {
      dispose(statesOf(layer) ?? []);
      setStates(layer, states);
    }
  }
}

function disposeDropoutMasks(layer: layers.Layer): void {
  for (const cell of cellsOf(layer)) dispose(takeDropoutMasks(cell));
}
