import type {LayersModel} from '@tensorflow/tfjs-layers';
import {formatValue, ModelError} from '../errors.ts';
import {isDisposed} from './disposeModel.ts';

/**
 * Refuses anything but a model that can run.
 * @throws ModelError if it is no LayersModel, not built, or disposed of
 */
export function requireBuilt(where: string, model: LayersModel): void {
  const given: unknown = model;
  if (typeof given !== 'object' || given === null || !('layers' in given) || !('getWeights' in given)) {
    const kind = typeof given === 'object' && given !== null ? 'another object' : formatValue(given);
    throw new ModelError(
      `${where}: expected a tf.LayersModel, got ${kind}; a tf.GraphModel goes into compressGraph(model)`,
    );
  }
  if (!('inputs' in given && Array.isArray(given.inputs) && given.inputs.length > 0)) {
    throw new ModelError(
      `${where}: expected a built model, got one without inputs; ` +
        'give its first layer an inputShape, or call model.build(shape)',
    );
  }
  requireAlive(where, model);
}

/**
 * Refuses a model that was disposed of.
 * @throws ModelError
 */
export function requireAlive(where: string, model: LayersModel): void {
  if (isDisposed(model))
    throw new ModelError(`${where}: expected a live model, got '${model.name}' after its dispose(); load it again`);
}
