import {io} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';

/** What `model.save` would write, in memory. */
export async function collectArtifacts(model: LayersModel): Promise<io.ModelArtifacts> {
  const saved: io.ModelArtifacts[] = [];
  await model.save(
    io.withSaveHandler((artifacts) => {
      saved.push(artifacts);
      return Promise.resolve({modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts)});
    }),
  );
  return saved[0];
}
