import {io} from '@tensorflow/tfjs-core';
import {type LayersModel, loadLayersModel} from '@tensorflow/tfjs-layers';
import {loadPacked} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {bytesOfManifest} from '../../files/manifestBytes.ts';
import {Failure, messageOf} from '../failure.ts';
import {type Allowance, fetchBytes} from './fetchBytes.ts';
import {type ModelFile, readModelFile, refusePage} from './modelFile.ts';

/** A model with what is known of its files. */
export interface LoadedModel {
  readonly model: LayersModel;
  readonly file: ModelFile;
  readonly isPacked: boolean;
  /** Bytes of all its files. */
  readonly bytes: number;
  /** How its weights are stored. */
  readonly weights: readonly io.WeightsManifestEntry[];
}

/**
 * Loads a LayersModel, a packed one with all the checks of `loadPacked`.
 * @param source its model.json, the folder of it, or an address
 * @param allowOutside whether its weights may lie outside of its folder
 * @throws Failure
 */
export async function loadModel(source: string, allowOutside = false): Promise<LoadedModel> {
  const file = await readModelFile(source);
  const artifacts = await artifactsOf(file, allowOutside);
  const {weightSpecs = [], weightData = new ArrayBuffer(0)} = artifacts;
  const bytes = file.bytes + [weightData].flat().reduce((sum, {byteLength}) => sum + byteLength, 0);
  const isPacked =
    typeof file.content['userDefinedMetadata'] === 'object' &&
    JSON.stringify(file.content['userDefinedMetadata']).includes('"tfjsCompress"');
  const handler: io.IOHandler = {load: async () => artifacts};
  try {
    const model = await (isPacked ? loadPacked(handler) : loadLayersModel(handler));
    return {model, file, isPacked, bytes, weights: weightSpecs};
  } catch (cause) {
    throw new Failure(refusalText(file.name, messageOf(cause)), {cause});
  }
}

/**
 * Refuses a packed model where a float one is needed.
 * @param where the option that named it, or nothing for the model itself
 * @throws Failure
 */
export function requireFloat({file, isPacked}: LoadedModel, where = ''): void {
  if (isPacked)
    throw new Failure(
      `${where}expected a float model, got the packed model '${file.name}', which is small already; ` +
        'name the model that it was made from',
    );
}

/** Read beyond what is needed, to tell the page that a server sends in the place of weights. */
const PAGE_BYTES = 2 ** 16;

async function artifactsOf({location, name, content}: ModelFile, allowOutside: boolean): Promise<io.ModelArtifacts> {
  const expected = bytesOfManifest(content['weightsManifest']);
  const allowance: Allowance = {bytes: expected + PAGE_BYTES};
  const handler =
    location.kind === 'file'
      ? fileHandler(location.path, {allowOutside})
      : io.http(location.url, {
          fetchFunc: (address) => fetchWeights(address instanceof Request ? address.url : String(address), allowance),
        });
  try {
    const artifacts = (await handler.load?.()) ?? {};
    // One buffer: tfjs reads zeros from several of which the last is the largest.
    const weightData = await new Blob([artifacts.weightData ?? []].flat()).arrayBuffer();
    if (weightData.byteLength !== expected)
      throw new Failure(
        `expected ${expected} bytes of weights with '${name}', as its manifest says, got ${weightData.byteLength}`,
      );
    return {...artifacts, weightData};
  } catch (cause) {
    throw cause instanceof Failure
      ? cause
      : new Failure(`expected a model at '${name}', got: ${messageOf(cause)}`, {cause});
  }
}

/** A start page in the place of a file that is not there would be taken for weights. */
async function fetchWeights(url: string, allowance: Allowance): Promise<Response> {
  const bytes = await fetchBytes(url, allowance);
  refusePage(url, bytes.toString('latin1', 0, 2000));
  return new Response(new Uint8Array(bytes));
}

function refusalText(name: string, message: string): string {
  const unknown = /^Unknown (layer|initializer|regularizer|constraint|object): (.+?)\. /.exec(message);
  if (unknown) {
    return (
      `the model '${name}' has a ${unknown[1]} '${unknown[2]}' that tfjs does not know; ` +
      '--import <module> imports a module first, which registers it with tf.serialization.registerClass'
    );
  }
  return `expected a LayersModel in '${name}', got: ${message}`;
}
