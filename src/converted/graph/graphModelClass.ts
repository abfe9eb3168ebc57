import type {GraphModel} from '@tensorflow/tfjs-converter';
import {io} from '@tensorflow/tfjs-core';
import {formatValue, ModelError} from '../../errors.ts';

/** The class `tf.GraphModel`, of the copy of the converter that the user has loaded. */
export type GraphModelClass = GraphModel['constructor'];

/** Whether a value has the members of a `tf.GraphModel`; a class test would refuse other copies of the converter. */
function isGraphModel(value: unknown): value is GraphModel {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['execute', 'save', 'inputNodes', 'outputNodes'].every((key) => key in value)
  );
}

/**
 * Refuses what is not a GraphModel, or one that cannot run.
 * @throws ModelError if it is none, is not loaded, or was disposed of
 */
export function requireGraphModel(where: string, model: GraphModel): void {
  const given: unknown = model;
  if (!isGraphModel(given)) {
    const isLayersModel = typeof given === 'object' && given !== null && 'layers' in given;
    const kind = isLayersModel
      ? 'a tf.LayersModel, which goes into compress(model)'
      : typeof given === 'object' && given !== null
        ? 'another object'
        : formatValue(given);
    throw new ModelError(`${where}: expected a tf.GraphModel, got ${kind}`);
  }
  if (!isLoaded(given))
    throw new ModelError(
      `${where}: expected a loaded tf.GraphModel, got one without a graph; ` +
        'await its load(), or use tf.loadGraphModel',
    );
  const gone = Object.entries(given.weights).find(([, tensors]) => tensors.some(({isDisposed}) => isDisposed));
  if (gone)
    throw new ModelError(
      `${where}: expected a live tf.GraphModel, got one after its dispose(): its weight '${gone[0]}' is gone; ` +
        'load it again',
    );
}

/** Before it is loaded, tfjs throws. */
function isLoaded(model: GraphModel): boolean {
  try {
    return model.weights !== undefined;
  } catch {
    return false;
  }
}

/** A GraphModel from a topology alone; the weights are put into its `weights` later. */
export function createEmptyGraphModel(graphModelClass: GraphModelClass, modelTopology: object): GraphModel {
  const model: unknown = Reflect.construct(graphModelClass, ['']);
  if (!isGraphModel(model)) throw new Error('converted graph: expected the class to make GraphModels');
  model.loadSync({modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0)});
  return model;
}

/** A GraphModel from artifacts. */
export async function instantiateGraphModel(
  graphModelClass: GraphModelClass,
  artifacts: io.ModelArtifacts,
): Promise<GraphModel> {
  const model: unknown = Reflect.construct(graphModelClass, [io.fromMemory(artifacts)]);
  if (!isGraphModel(model)) throw new Error('converted graph: expected the class to make GraphModels');
  await model.load();
  return model;
}
