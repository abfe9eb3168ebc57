import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError} from 'tfjs-compress';

/**
 * The shape of a model's only input, the batch first.
 * @throws DataError if it has several: files give one
 */
export function inputShapeOf(model: LayersModel): readonly (number | null)[] {
  const [input, ...others] = model.inputs;
  if (others.length > 0) {
    throw new DataError(
      `${model.name}: expected a model with one input, got ${model.inputs.length} ` +
        `(${model.inputNames.join(', ')}); give such data in a script: calibrate([first, second])`,
    );
  }
  return input.shape;
}
