import type {layers} from '@tensorflow/tfjs-layers';
import type {ProblemStatistics} from '../../calibration/problemStatistics.ts';
import {DataError, ModelError} from '../../errors.ts';

/**
 * Refuses NaN and Infinity in weights, also those of layers that are not compressed: the layers after them calibrate on
 * their outputs.
 * @throws ModelError naming layer and weight
 */
export async function requireFiniteWeights(all: readonly layers.Layer[], stage: string): Promise<void> {
  for (const layer of new Set(all)) {
    for (const [i, weight] of layer.getWeights().entries()) {
      const values = await weight.data();
      const bad = values.find((value) => !Number.isFinite(value));
      if (bad !== undefined) {
        throw new ModelError(
          `${stage}: layer '${layer.name}': expected finite weights, got ${bad} in ${layer.weights[i].originalName}; ` +
            'retrain or reload the model',
        );
      }
    }
  }
}

/**
 * Refuses statistics that are not finite: activations can overflow although data and weights are finite.
 * @throws DataError naming the layer
 */
export function requireFiniteInputs(name: string, statistics: readonly ProblemStatistics[], stage: string): void {
  if (statistics.every(({gram, crossGram}) => [gram, crossGram].every(({data}) => data.every(Number.isFinite)))) return;
  throw new DataError(
    `${stage}: layer '${name}': expected inputs whose squares are finite, ` +
      'got NaN or Infinity from the layers before it; scale the calibration data as in training',
  );
}
