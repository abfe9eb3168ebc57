import type {GraphModel} from '@tensorflow/tfjs-converter';
import {OptionError} from '../../errors.ts';
import {registerGraphSegments} from './knowGraphs.ts';

/**
 * Makes tfjs know the layers that stand for parts of a converted graph, so that `loadPacked` loads a packed one; `compressGraph` does it by itself.
 *
 * ```ts
 * registerGraph(tf.GraphModel);
 * const model = await loadPacked('indexeddb://packed');
 * ```
 * @param graphModelClass the class `tf.GraphModel`, which runs the parts
 * @throws OptionError for anything else
 */
export function registerGraph(graphModelClass: typeof GraphModel): void {
  const given: unknown = graphModelClass;
  if (typeof given !== 'function')
    throw new OptionError('registerGraph', 'graphModelClass', 'the class tf.GraphModel', given);
  registerGraphSegments(graphModelClass);
}
