import {mkdir} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {io} from '@tensorflow/tfjs-core';
import {ArtifactError, messageOf} from '../../src/errors.ts';
import {flag, integer, resolveOptions} from '../../src/options.ts';
import {joinBytes} from './files/joinBytes.ts';
import {readWeights} from './files/readWeights.ts';
import {readRegularFile} from './files/regularFile.ts';
import {finishSave, saveFiles} from './files/savedFiles.ts';
import {shardsOf} from './files/shards.ts';

/** Options of {@link fileHandler}. */
export interface FileHandlerOptions {
  /**
   * Saves the weights in several files of this many bytes (the last one may be smaller) instead of one: where a server
   * or a cache limits files.
   */
  readonly shardBytes?: number;
  /**
   * Whether a manifest may name weight files outside of the folder of its `model.json`, by `..` or by links. Default
   * `false`: what a stranger's manifest names is read, and written into what is made of the model.
   */
  readonly allowOutside?: boolean;
}

/**
 * Saves a model to, or loads it from, a `model.json` and the weight files beside it: what `file://` is in tfjs-node.
 *
 * Loads every standard manifest, with any number of groups and shards. Saves one `weights.bin`, or shards of one size.
 * All files are written in full under temporary names, then renamed: neither a full disk nor a crash harms a model that
 * was there, and a save that was killed between the renames is ended by the next load.
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
 * @throws OptionError; loading throws ArtifactError for a manifest that names files which are not there, lie outside of
 *   the folder, are no regular files, or have not the bytes that its weights need
 */
export function fileHandler(path: string, options: FileHandlerOptions = {}): io.IOHandler {
  const {shardBytes, allowOutside} = resolveOptions<{shardBytes: number | undefined; allowOutside: boolean}>(
    'fileHandler',
    options,
    {shardBytes: integer<number | undefined>(undefined, 1), allowOutside: flag(false)},
  );
  const modelPath = path.endsWith('.json') ? path : join(path, 'model.json');
  return {
    load: () => load(modelPath, allowOutside),
    save: (artifacts) => save(modelPath, artifacts, shardBytes),
  };
}

async function load(modelPath: string, allowOutside: boolean): Promise<io.ModelArtifacts> {
  const model = await readModelJSON(modelPath);
  return io.getModelArtifactsForJSON(model, async (manifest) => [
    manifest.flatMap((group) => group.weights),
    await readWeights(dirname(modelPath), manifest, allowOutside),
  ]);
}

async function readModelJSON(modelPath: string): Promise<io.ModelJSON> {
  const text = await readText(modelPath);
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === 'object' && content !== null) return content as io.ModelJSON;
  } catch (cause) {
    throw new ArtifactError(
      `${modelPath}: expected a tfjs model in JSON, got ${String(text.length)} characters that do not parse`,
      {cause},
    );
  }
  throw new ArtifactError(`${modelPath}: expected a tfjs model in JSON, got JSON that is none`);
}

async function readText(modelPath: string): Promise<string> {
  try {
    return (await readRegularFile(modelPath)).toString();
  } catch (cause) {
    if (await finishSave(modelPath)) return readText(modelPath);
    throw new ArtifactError(`expected a model.json that can be read, got: ${messageOf(cause)}`, {cause});
  }
}

async function save(
  modelPath: string,
  artifacts: io.ModelArtifacts,
  shardBytes: number | undefined,
): Promise<io.SaveResult> {
  const {modelTopology, weightSpecs = [], weightData = [], ...description} = artifacts;
  if (modelTopology === undefined || modelTopology instanceof ArrayBuffer) {
    throw new ArtifactError(
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
  await saveFiles(shards, {path: modelPath, content: JSON.stringify(model)});
  return {modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts)};
}
