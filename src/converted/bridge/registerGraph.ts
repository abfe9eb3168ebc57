import type {GraphModel} from '@tensorflow/tfjs-converter';
import {serialization} from '@tensorflow/tfjs-core';
import {OptionError} from '../../errors.ts';
import type {GraphModelClass} from '../graph/graphModelClass.ts';
import {GraphSegment} from '../segments/graphSegment.ts';

/**
 * Registers the layer class that stands for parts of a converted graph with tfjs, so that `loadPacked` loads a packed
 * one. `compressGraph` does so by itself.
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

/** Registers graph segments as a tfjs layer class, run by the given class. */
export function registerGraphSegments(graphModelClass: GraphModelClass): void {
  serialization.registerClass(GraphSegment);
  GraphSegment.graphModelClass = graphModelClass;
}
