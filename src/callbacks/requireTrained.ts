import type {LayersModel} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';

/**
 * Returns the model that tfjs told a callback. In a list that begins with a plain object tfjs calls hooks of instances
 * unbound, and does not tell them the model.
 * @throws ModelError if tfjs told none
 */
export function requireTrained(where: string, model: LayersModel | undefined): LayersModel {
  if (model) return model;
  throw new ModelError(
    `${where}: expected tfjs to say which model it trains; ` +
      'it does if every callback is an instance: make plain objects new tf.CustomCallback(…)',
  );
}
