import {realpathSync} from 'node:fs';
import {readdir, stat} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {weightGroups} from '../../files/manifestBytes.ts';
import {readRegularFile} from '../../files/regularFile.ts';
import {Failure, messageOf} from '../failure.ts';
import {fetchBytes} from './fetchBytes.ts';
import {clearStale} from './stagingFolder.ts';

/** Where a model is. */
export type ModelLocation =
  | {readonly kind: 'file'; readonly path: string; readonly folder: string}
  | {readonly kind: 'address'; readonly url: string};

/** What the program has to know of a `model.json` before tfjs reads it. */
export interface ModelFile {
  readonly location: ModelLocation;
  /** As the user would write it. */
  readonly name: string;
  /** Bytes of the JSON. */
  readonly bytes: number;
  /** The JSON. */
  readonly content: Readonly<Record<string, unknown>>;
}

/**
 * Reads the `model.json` of a LayersModel.
 * @param source the file, its folder, or an address
 * @throws Failure for what is none, saying what it is instead
 */
export async function readModelFile(source: string): Promise<ModelFile> {
  const location = await locateModel(source);
  const name = location.kind === 'file' ? location.path : location.url;
  const text =
    location.kind === 'file'
      ? await textOf(location.path)
      : (await fetchBytes(location.url, {bytes: LONGEST_JSON})).toString();
  refusePage(name, text);
  const content = parseModel(name, text);
  refuseOthers(name, content);
  return {location, name, bytes: Buffer.byteLength(text), content};
}

/** V8 has no longer texts. */
const LONGEST_JSON = 2 ** 29;

/** The folders on this machine that a model and its weights are read from. */
export function foldersOf({location, content}: ModelFile): string[] {
  if (location.kind === 'address') return [];
  const weights = weightGroups(content['weightsManifest']).flatMap(({paths}) => paths);
  const files = [location.path, ...weights.map((name) => join(location.folder, name))];
  return [...new Set([location.folder, ...files.map((path) => dirname(realpathSync(path)))])];
}

async function locateModel(source: string): Promise<ModelLocation> {
  if (/^https?:\/\//i.test(source))
    return {kind: 'address', url: /\.json($|\?)/i.test(source) ? source : `${source.replace(/\/$/, '')}/model.json`};
  const path = source.startsWith('file://') ? fileURLToPath(source) : source;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new Failure(`expected a model at '${path}', found nothing there`);
  if (!found.isDirectory()) return {kind: 'file', path, folder: dirname(path)};
  clearStaleIn(path);
  const names = await readdir(path);
  if (names.includes('model.json')) return {kind: 'file', path: join(path, 'model.json'), folder: path};
  const content = names.length === 0 ? 'nothing' : names.slice(0, 4).join(', ') + (names.length > 4 ? ', …' : '');
  throw new Failure(
    `expected a model.json in the folder '${path}', ` +
      `found ${content}${names.includes('saved_model.pb') ? `; ${CONVERT}` : ''}`,
  );
}

/** A run that was killed while it published a model has it ready; where nothing may be written, nothing was. */
function clearStaleIn(folder: string): void {
  try {
    for (const place of [folder, dirname(resolve(folder))]) clearStale(place);
  } catch {
    // the folder is read as it is
  }
}

async function textOf(path: string): Promise<string> {
  if (/\.(h5|keras|pb|tflite|onnx|pt|safetensors)$/i.test(path))
    throw new Failure(`expected the model.json of a TensorFlow.js model, got '${path}'; ${CONVERT}`);
  try {
    return (await readRegularFile(path)).toString();
  } catch (cause) {
    throw new Failure(`expected a model.json that can be read, got: ${messageOf(cause)}`, {cause});
  }
}

/** A web server's answer to what it does not have: the page of an app, a login, an error. */
export function refusePage(name: string, text: string): void {
  if (!/^\uFEFF?\s*<(!doctype|html|head|body|\?xml)/i.test(text)) return;
  const title = /<title[^>]*>\s*([^<]{1,80})/i.exec(text)?.[1]?.trim();
  throw new Failure(
    `expected a model at '${name}', got an HTML page${title === undefined ? '' : ` with the title '${title}'`}: ` +
      'the address is wrong, asks for a login, ' +
      'or the server answers every address with its start page',
  );
}

function parseModel(name: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === 'object' && content !== null) return {...content};
  } catch (cause) {
    throw new Failure(
      `expected a tfjs model in JSON at '${name}', got ${text.length} characters that do not parse: ` +
        messageOf(cause),
      {cause},
    );
  }
  throw new Failure(`expected a tfjs model at '${name}', got JSON that is none: ${text.slice(0, 40)}`);
}

function refuseOthers(name: string, {format, modelTopology, weightsManifest}: ModelFile['content']): void {
  const topology: object = typeof modelTopology === 'object' && modelTopology !== null ? modelTopology : {};
  if (format === 'graph-model' || 'node' in topology) {
    throw new Failure(
      `expected a tf.LayersModel, got the tf.GraphModel '${name}', which only compressGraph of the library ` +
        'compresses; or convert the Keras model with --output_format tfjs_layers_model',
    );
  }
  if (modelTopology === undefined || !Array.isArray(weightsManifest)) {
    throw new Failure(
      `expected \`modelTopology\` and \`weightsManifest\` in the model.json '${name}', found neither or one; ` +
        'is it the file that tfjs saved?',
    );
  }
}

const CONVERT =
  'convert the Keras model first: tensorflowjs_converter --input_format keras --output_format tfjs_layers_model ' +
  '<model.h5> <folder>';
