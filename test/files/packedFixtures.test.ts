import {createHash} from 'node:crypto';
import {readdirSync} from 'node:fs';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {GraphModel} from '@tensorflow/tfjs-converter';
import {tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {ArtifactError, loadPacked, registerGraph, saveModel, sealModel} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {onBackends} from '../support/backends/onBackends.ts';
import {attentionLayers} from '../support/models/attentionLayers.ts';
import {relativeDifference} from '../support/models/packedModels.ts';
import {predictionsOf} from '../support/models/smallNetworks.ts';
import {giving} from '../support/models/smallPackedModels.ts';

const ROOT = join('test', 'fixtures', 'packed');
const folders = readdirSync(ROOT, {withFileTypes: true})
  .filter((entry) => entry.isDirectory())
  .map(({name}) => join(ROOT, name));
/** Has an EinsumDense, for which tfjs has no kernel on wasm. */
const EINSUM = join(ROOT, 'einsum-5bit');

/** Numbers as they are in a file. */
interface Numbers {
  readonly shape: number[];
  /** Base64. */
  readonly float32: string;
}

/** What a fixture predicted when it was saved. */
interface Prediction {
  readonly input: Numbers;
  readonly output: Numbers;
}

/** The parts of a model.json, where `keras_version` is that of tfjs. */
interface ModelFile {
  readonly modelTopology: {readonly class_name: string; readonly config: object};
  readonly weightsManifest: readonly {
    readonly weights: readonly {readonly name: string; readonly shape: readonly number[]; readonly dtype: string}[];
  }[];
  readonly userDefinedMetadata: {readonly tfjsCompress: object};
}

describe('packed models that an earlier version saved', () => {
  before(async () => {
    registerGraph(GraphModel);
    await attentionLayers(); // registers EinsumDense, which tfjs does not export
  });

  it('are there', () => {
    expect(folders).to.have.length.at.least(11);
  });

  onBackends(['cpu'], () => {
    for (const folder of folders) {
      it(`predicts as it did, bit by bit: ${folder}`, async () => {
        const {found, expected} = await predictionsIn(folder);
        expect(found).to.have.length(expected.length);
        const differing = found.filter((value, i) => !Object.is(value, expected[i]));
        expect(differing, 'numbers that differ').to.deep.equal([]);
      });

      it(`is saved again as the same file: ${folder}`, async () => {
        const again = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
        await withLoaded(folder, (model) => saveModel(model, fileHandler(again)));
        expect(await weightBytes(again)).to.equal(await weightBytes(folder));
        expect(contentOf(await modelFile(again))).to.deep.equal(contentOf(await modelFile(folder)));
        await rm(again, {recursive: true});
      });

      it(`is sealed anew by the text with its keys sorted, which any order of them has: ${folder}`, async () => {
        const {tfjsCompress} = await withLoaded(folder, async (model) => {
          model.setUserDefinedMetadata({});
          await sealModel(model);
          return model.getUserDefinedMetadata() as ModelFile['userDefinedMetadata'];
        });
        const sha256 = await sortedDigest(folder);
        expect(tfjsCompress).to.deep.equal({...(await modelFile(folder)).userDefinedMetadata.tfjsCompress, sha256});
        const artifacts = await fileHandler(folder).load?.();
        const modelTopology = JSON.parse(JSON.stringify(artifacts?.modelTopology, backwards)) as object;
        const userDefinedMetadata = {tfjsCompress};
        (await loadPacked(giving({...artifacts, modelTopology, userDefinedMetadata}))).dispose();
      });

      it(`is refused with a bit flipped: ${folder}`, async () => {
        const artifacts = (await fileHandler(folder).load?.()) ?? {};
        const bytes = new Uint8Array(artifacts.weightData as ArrayBuffer).slice();
        bytes[bytes.length >> 1] ^= 1;
        const loading = loadPacked(giving({...artifacts, weightData: bytes.buffer}));
        const error: unknown = await loading.catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(ArtifactError);
        expect(String(error)).to.match(/expected the model that was packed \(SHA-256 '[0-9a-f]{64}'\), found another/);
      });
    }
  });

  onBackends(['wasm'], () => {
    for (const folder of folders.filter((one) => one !== EINSUM)) {
      it(`predicts as it did, but for rounding: ${folder}`, async () => {
        const {found, expected} = await predictionsIn(folder);
        expect(found).to.have.length(expected.length);
        expect(relativeDifference(expected, found)).to.be.below(1e-6);
      });
    }
  });
});

/** What the model of a folder predicts, and what it did predict. */
async function predictionsIn(folder: string): Promise<Readonly<Record<'found' | 'expected', number[]>>> {
  const {input, output} = JSON.parse(await readFile(join(folder, 'prediction.json'), 'utf8')) as Prediction;
  const x = tensor(numbersOf(input), input.shape);
  const found = await withLoaded(folder, (model) => predictionsOf(model, x));
  x.dispose();
  return {found, expected: Array.from(numbersOf(output))};
}

async function withLoaded<Result>(folder: string, use: (model: LayersModel) => Promise<Result>): Promise<Result> {
  const model = await loadPacked(fileHandler(folder));
  const result = await use(model);
  model.dispose();
  return result;
}

function numbersOf({float32}: Numbers): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(float32, 'base64')).buffer);
}

async function modelFile(folder: string): Promise<ModelFile> {
  return JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as ModelFile;
}

/** All of a model.json but the versions that tfjs writes there. */
function contentOf({modelTopology: {class_name, config}, weightsManifest, userDefinedMetadata}: ModelFile): object {
  return {class_name, config, weightsManifest, userDefinedMetadata};
}

/** As docs/format.md has it, from the files alone. */
async function sortedDigest(folder: string): Promise<string> {
  const {modelTopology, weightsManifest} = await modelFile(folder);
  const bytes = await readFile(join(folder, 'weights.bin'));
  const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
  let from = 0;
  const weights = weightsManifest[0].weights
    .map(({name, shape, dtype}) => {
      const to = from + shape.reduce((product, length) => product * length, dtype === 'bool' ? 1 : 4);
      const hash = sha256(bytes.subarray(from, to));
      from = to;
      return [name, shape, dtype, hash] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const {class_name, config} = modelTopology;
  return sha256(
    JSON.stringify(
      {topology: {class_name, config}, weights},
      ordered((a, b) => (a < b ? -1 : 1)),
    ),
  );
}

const backwards = ordered((a, b) => (a < b ? 1 : -1));

/** A replacer of JSON.stringify that orders the keys of objects. */
function ordered(compare: (a: string, b: string) => number): (key: string, value: unknown) => unknown {
  return (_key, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => compare(a, b)))
      : value;
}

async function weightBytes(folder: string): Promise<string> {
  return readFile(join(folder, 'weights.bin'), 'hex');
}
