import {serialization} from '@tensorflow/tfjs-core';
import type {GraphModelClass} from '../graph/graphModelClass.ts';
import {GraphSegment} from '../segments/graphSegment.ts';

/** Makes tfjs know parts of graphs as layers, and these the class that runs them. */
export function registerGraphSegments(graphModelClass: GraphModelClass): void {
  serialization.registerClass(GraphSegment);
  GraphSegment.graphModelClass = graphModelClass;
}
