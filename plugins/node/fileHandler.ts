import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {io} from '@tensorflow/tfjs-core';
import {integer, resolveOptions} from '../../src/options.ts';
import {joinBytes} from './joinBytes.ts';
import {readWeights} from './readWeights.ts';
import {shardsOf} from './shards.ts';

/** Options of {@link fileHandler}. */
export interface FileHandlerOptions {
  /**
   * Saves the weights in several files of this many bytes (the last one may be smaller) instead of one: where a server
   * or a cache limits files.
   */
  readonly shardBytes?: number;
}

/**
 * Saves a model to, or loads it from, a `model.json` and the weight files beside it: what `file://` is in tfjs-node.
 *
 * Loads every standard manifest, with any number of groups and shards. Saves one `weights.bin`, or shards of one size.
 * All files are written in full under temporary names, then renamed: a full disk does not harm a model that was there.
 *
 * @example
 * ```ts
 * import {loadLayersModel} from '@tensorflow/tfjs-layers';
 * import {fileHandler} from 'tfjs-compress/plugins/node';
 *
 * const model = await loadLayersModel(fileHandler('models/mnist'));
 * await model.save(fileHandler('models/copy/model.json'));
 * ```
 * @param path a folder that has or will have a `model.json`, or a `.json` file itself
 * @returns a handler for `loadLayersModel`, `loadPacked`, `loadGraphModel` and `model.save`
 * @throws OptionError
 */
export function fileHandler(path: string, options: FileHandlerOptions = {}): io.IOHandler {
  const {shardBytes} = resolveOptions<{shardBytes: number | undefined}>('fileHandler', options, {
    shardBytes: integer<number | undefined>(undefined, 1),
  });
  const modelPath = path.endsWith('.json') ? path : join(path, 'model.json');
  return {
    load: () => load(modelPath),
    save: (artifacts) => save(modelPath, artifacts, shardBytes),
  };
}

async function load(modelPath: string): Promise<io.ModelArtifacts> {
  const model = await readModelJSON(modelPath);
  return io.getModelArtifactsForJSON(model, async (manifest) => [
    manifest.flatMap((group) => group.weights),
    await readWeights(dirname(modelPath), manifest),
  ]);
}

async function readModelJSON(modelPath: string): Promise<io.ModelJSON> {
  const text = await readFile(modelPath, 'utf8');
  try {
    return JSON.parse(text) as io.ModelJSON;
  } catch (cause) {
    throw new Error(
      `${modelPath}: expected a tfjs model in JSON, got ${String(text.length)} characters that do not parse`,
      {cause},
    );
  }
}

async function save(
  modelPath: string,
  artifacts: io.ModelArtifacts,
  shardBytes: number | undefined,
): Promise<io.SaveResult> {
  const {modelTopology, weightSpecs = [], weightData = [], ...description} = artifacts;
  if (modelTopology === undefined || modelTopology instanceof ArrayBuffer) {
    throw new Error(
      `${modelPath}: expected the model's topology as JSON, got ${modelTopology ? 'binary data' : 'none'}`,
    );
  }
  const weights = new Uint8Array(joinBytes([weightData].flat().map((part) => new Uint8Array(part))));
  const shards = shardsOf(weights.length, shardBytes).map(({name, from, to}) => ({
    path: modelPath.replace(/(model)?\.json$/, name),
    content: weights.subarray(from, to),
  }));
  const model: io.ModelJSON = {
    ...description,
    modelTopology,
    weightsManifest: [{paths: shards.map(({path}) => basename(path)), weights: weightSpecs}],
  };
  await mkdir(dirname(modelPath), {recursive: true});
  await replaceFiles([
    ...shards.map(({path, content}) => [path, content] as const),
    [modelPath, JSON.stringify(model)],
  ]);
  return {modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts)};
}

/**
 * Writes all of the files under temporary names before it gives any of them its own; a failed write leaves no trace.
 */
async function replaceFiles(files: readonly (readonly [path: string, content: string | Uint8Array])[]): Promise<void> {
  try {
    for (const [path, content] of files) await writeFile(partial(path), content, {flush: true});
    for (const [path] of files) await rename(partial(path), path);
  } finally {
    for (const [path] of files) await rm(partial(path), {force: true});
  }
}

/** A fixed name, so that the next save overwrites what a crash left behind. */
function partial(path: string): string {
  return `${path}.partial`;
}
