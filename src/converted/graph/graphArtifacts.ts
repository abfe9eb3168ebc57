import type {GraphModel} from '@tensorflow/tfjs-converter';
import {io} from '@tensorflow/tfjs-core';
import {ModelError} from '../../errors.ts';
import type {NodeDef} from './nodeDef.ts';

/** The topology of a GraphModel. */
export interface GraphTopology {
  readonly node: readonly NodeDef[];
  readonly library?: unknown;
  readonly versions?: unknown;
}

/** What a GraphModel was loaded from, which it keeps and saves. */
export interface GraphArtifacts {
  readonly artifacts: io.ModelArtifacts;
  readonly topology: GraphTopology;
}

/**
 * Reads the artifacts of a GraphModel.
 * @throws ModelError where the graph is not JSON
 */
export async function readGraphArtifacts(where: string, model: GraphModel): Promise<GraphArtifacts> {
  const saved: io.ModelArtifacts[] = [];
  await model.save(
    io.withSaveHandler((artifacts) => {
      saved.push(artifacts);
      return Promise.resolve({modelArtifactsInfo: {dateSaved: new Date(0), modelTopologyType: 'JSON'}});
    }),
  );
  const [artifacts] = saved;
  const topology: unknown = artifacts.modelTopology;
  if (!isTopology(topology))
    throw new ModelError(
      `${where}: expected a tf.GraphModel with its graph as JSON, got one without \`node\` in its topology; ` +
        'convert it again',
    );
  return {artifacts, topology};
}

function isTopology(value: unknown): value is GraphTopology {
  return typeof value === 'object' && value !== null && 'node' in value && Array.isArray(value.node);
}
