import type {layers} from '@tensorflow/tfjs-layers';
import type {LayerAdapter} from '../adapter/layerAdapter.ts';
import {cellKernels, cellWeights, isKnownCell, traceSize, unitsOf} from './cellKernels.ts';
import {cellsOf, recurrentOf} from './cells.ts';
import {disposeCellState, withoutSideEffects} from './cellState.ts';
import {packedRecurrent} from './packedCells.ts';

/** SimpleRNN, LSTM and GRU, and RNN around one of their cells or several stacked ones. */
export const recurrents = ['SimpleRNN', 'LSTM', 'GRU', 'RNN'].map((className): LayerAdapter => ({
  className,

  refusal(layer) {
    const unknown = cellsOf(layer).find((cell) => !isKnownCell(cell));
    if (unknown)
      return `unsupported cell type ${unknown.getClassName()}; supported are SimpleRNNCell, LSTMCell and GRUCell`;
    return statesRefusal(layer);
  },

  kernels(layer) {
    let weight = 0;
    return cellsOf(layer)
      .filter(isKnownCell)
      .flatMap((cell, k) => {
        const kernels = cellKernels(cell, {cell: k, weight, prefix: prefixOf(layer, k)});
        weight += cellWeights(cell, '', 0).length;
        return kernels;
      });
  },

  weights(layer, [, , channels]) {
    const cells = cellsOf(layer);
    return cells.flatMap((cell, k) =>
      cellWeights(cell, prefixOf(layer, k), k === 0 ? channels : unitsOf(cells[k - 1])),
    );
  },

  scratch: (layer, inputShape) => traceSize(cellsOf(layer), inputShape),

  release: disposeCellState,

  withoutSideEffects,

  packed: () => packedRecurrent,
}));

/** Why a stateful layer is left as it is: calibration would change the states that it keeps between calls. */
export function statesRefusal(layer: layers.Layer): string | undefined {
  return recurrentOf(layer).stateful
    ? 'keeps its states between calls (stateful), which calibration would change'
    : undefined;
}

function prefixOf(layer: layers.Layer, cell: number): string {
  return cellsOf(layer).length > 1 ? `cell_${cell}_` : '';
}
