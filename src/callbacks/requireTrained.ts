import type {LayersModel} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';

/**
 * The model that a callback was told of. In a list that begins with a plain object tfjs takes the hooks out of
 * instances, and tells them nothing.
 * @throws ModelError if it was told of none
 */
export function requireTrained(where: string, model: LayersModel | undefined): LayersModel {
  if (model) return model;
  throw new ModelError(
    `${where}: expected tfjs to say which model it trains; ` +
      'it does if every callback is an instance: make plain objects new tf.CustomCallback(…)',
  );
}
