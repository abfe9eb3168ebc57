import {type layers, RNN} from '@tensorflow/tfjs-layers';
import {type Cell, stackedCells} from '../../tfjsInternals.ts';

/** A recurrent layer, typed as one. */
export function recurrentOf(layer: layers.Layer): RNN {
  if (layer instanceof RNN) return layer;
  throw new TypeError(`layer '${layer.name}': expected a recurrent layer, got a ${layer.getClassName()}`);
}

/** The cells of a recurrent layer, in the order in which they run: one, unless they are stacked. */
export function cellsOf(layer: layers.Layer): readonly Cell[] {
  const {cell} = recurrentOf(layer);
  return cell.getClassName() === 'StackedRNNCells' ? stackedCells(cell) : [cell];
}
