import {type ConvertedGraph, readGraph} from '../../../src/converted/graph/readGraph.ts';
import {graphModel, type GraphNode} from './graphs.ts';

/** Reads a graph of these nodes, and disposes of it after use. */
export async function withGraph<Result>(
  nodes: readonly GraphNode[],
  use: (graph: ConvertedGraph) => Result,
): Promise<Awaited<Result>> {
  const model = await graphModel(nodes);
  const graph = await readGraph('test', model);
  try {
    return await use(graph);
  } finally {
    graph.dispose();
    model.dispose();
  }
}
