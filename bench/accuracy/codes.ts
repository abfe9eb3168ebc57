import 'tfjs-compress/plugins/wasm';
import {createHash} from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {calibrate, compress, type Compression, correct, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {loadFashionMnist} from '../../examples/fashion-mnist/data.ts';
import {keepResults} from '../results.ts';

const MODEL = new URL('../../examples/models/fashion-convnet/model.json', import.meta.url).pathname;
const SAMPLES = 256;
const SEED = 1;

type Stage = OperatorFunction<Compression, Compression>;

const CHAINS: Readonly<Record<string, () => readonly Stage[]>> = {
  'spfqQuantize({bits: 4})': () => [spfqQuantize({bits: 4})],
  'spfqQuantize({bits: 2})': () => [spfqQuantize({bits: 2})],
  'spfqQuantize({bits: 1})': () => [spfqQuantize({bits: 1})],
  'spfqPrune({sparsity: 0.5}) → spfqQuantize({bits: 4}) → correct()': () => [
    spfqPrune({sparsity: 0.5}),
    spfqQuantize({bits: 4}),
    correct(),
  ],
};

/**
 * Prints a SHA-256 of the codes and weights that each chain of stages gives the example's convnet: equal checksums
 * before and after a change of the code mean equal results. Nothing is timed. Checksums hold for one version of tfjs.
 */
export async function codes(): Promise<void> {
  await tf.setBackend('wasm');
  const {train} = await loadFashionMnist({full: false});
  const model = await tf.loadLayersModel(fileHandler(MODEL));
  const checksums: Record<string, string> = {};
  for (const [name, stages] of Object.entries(CHAINS)) {
    checksums[name] = await checksumOf(model, train.x, stages());
    console.log(`${checksums[name]}  ${name}`);
  }
  model.dispose();
  keepResults('codes', {samples: SAMPLES, seed: SEED, checksums});
}

async function checksumOf(model: tf.LayersModel, x: tf.Tensor, stages: readonly Stage[]): Promise<string> {
  const calibrated$ = compress(model, {seed: SEED}).pipe(calibrate(x, {samples: SAMPLES, seed: SEED}));
  const last = await lastValueFrom(stages.reduce((compressed$, stage) => compressed$.pipe(stage), calibrated$));
  const weights = await Promise.all(last.model.getWeights().map((weight) => weight.data()));
  last.dispose();
  return sha256([...last.layers.map(arraysChecksum), ...weights.map(bytesChecksum)].join('\n'));
}

/**
 * The checksum of the arrays of a record: codes, steps, offsets and masks. It depends neither on the names nor on the
 * order of properties, which may change while results stay the same. If two arrays are exchanged, the checksum of the
 * weights changes.
 */
function arraysChecksum(record: object): string {
  return [...new Set(arraysIn(record).map(bytesChecksum))].sort().join(' ');
}

function arraysIn(value: unknown): ArrayBufferView[] {
  if (ArrayBuffer.isView(value)) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(arraysIn) : [];
}

function bytesChecksum({buffer, byteOffset, byteLength}: ArrayBufferView): string {
  return sha256(new Uint8Array(buffer, byteOffset, byteLength));
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
