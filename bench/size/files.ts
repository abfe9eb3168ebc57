import 'tfjs-compress/plugins/wasm';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import {lastValueFrom, of, type OperatorFunction} from 'rxjs';
import {calibrate, compress, type Compression, exportStock, pack, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {loadFashionMnist} from '../../examples/fashion-mnist/data.ts';
import {affineUint8} from '../../examples/fashion-mnist/uint8.ts';
import {keepResults, textTable} from '../results.ts';
import {idealBytes} from './idealBytes.ts';

type Stage = OperatorFunction<Compression, Compression>;
type Bits = 1 | 2 | 3 | 4 | 8 | 'ternary';

const MODEL = new URL('../../examples/models/fashion-convnet/model.json', import.meta.url).pathname;
/** Few: sizes do not depend on how good the letters are, but for a little of what gzip finds. */
const SAMPLES = 32;
const QUICK = {samples: 1, sweeps: 1} as const;
const BY_MAGNITUDE = {mask: 'magnitude', iterations: 0} as const;

const ROWS: ReadonlyArray<readonly [string, Bits, readonly Stage[]]> = [
  ...([8, 4, 3, 2, 'ternary', 1] as const).map(
    (bits) => [bits === 'ternary' ? bits : `${bits} bits`, bits, [spfqQuantize({bits, ...QUICK})]] as const,
  ),
  ['50 % pruned, 4 bits', 4, [spfqPrune({sparsity: 0.5, ...BY_MAGNITUDE}), spfqQuantize({bits: 4, ...QUICK})]],
  ['2:4 pruned, 4 bits', 4, [spfqPrune({pattern: '2:4', ...BY_MAGNITUDE}), spfqQuantize({bits: 4, ...QUICK})]],
  ['80 % pruned, 4 bits', 4, [spfqPrune({sparsity: 0.8, ...BY_MAGNITUDE}), spfqQuantize({bits: 4, ...QUICK})]],
  ['4 bits, a step per layer', 4, [spfqQuantize({bits: 4, granularity: 'tensor', ...QUICK})]],
];

/** Bytes of a model's two files, together and after gzip. */
interface Size {
  readonly bytes: number;
  readonly json: number;
  readonly gzip: number;
}

/** One compression, as written packed and for tfjs alone. */
interface Row {
  readonly name: string;
  readonly packed: Size;
  readonly ideal: number;
  readonly stock: Size;
}

/** Bytes of `model.json` and weights: packed, ideal, and as a model of uint8 codes that tfjs loads by itself. */
export async function files(): Promise<void> {
  await tf.setBackend('wasm');
  const {train} = await loadFashionMnist({full: false});
  const model = await tf.loadLayersModel(fileHandler(MODEL));
  const [float32, uint8] = [
    await sizeOf((handler) => model.save(handler)),
    await sizeOf(async (handler) => handler.save?.(await uint8Artifacts(model))),
  ];
  const rows: Row[] = [];
  for (const [name, bits, stages] of ROWS)
    rows.push(await measured(name, bits, await compressed(model, train.x, stages)));
  console.log(
    `the example's convnet; model.json + weights in bytes. tfjs float32: ${text(float32)}; ` +
      `tfjs-converter's uint8: ${text(uint8)}`,
  );
  console.log(
    textTable(
      ['', 'packed', 'ideal', 'over', 'model.json', 'allowed', 'gzip', '/ uint8', 'exportStock', 'gzip'],
      rows.map(({name, packed, ideal, stock}) =>
        [
          name,
          packed.bytes,
          ideal,
          `${(100 * (packed.bytes / ideal - 1)).toFixed(2)} %`,
          packed.json,
          allowed(ideal),
          packed.gzip,
          (packed.bytes / uint8.bytes).toFixed(3),
          stock.bytes,
          stock.gzip,
        ].map(String),
      ),
    ),
  );
  keepResults('files', {samples: SAMPLES, float32, uint8, rows});
  for (const {name, packed, ideal} of rows)
    if (packed.bytes > allowed(ideal))
      console.log(`${name}: ${packed.bytes - allowed(ideal)} bytes above ideal + 3 % + 4 KiB`);
  model.dispose();
}

/** What a file may take: 3 % and 4 KiB more than the ideal. */
function allowed(ideal: number): number {
  return Math.floor(1.03 * ideal) + 4096;
}

async function compressed(model: tf.LayersModel, x: tf.Tensor, stages: readonly Stage[]): Promise<Compression> {
  const start = compress(model).pipe(calibrate(x, {samples: SAMPLES}));
  return lastValueFrom(stages.reduce((compressed$, stage) => compressed$.pipe(stage), start));
}

async function measured(name: string, bits: Bits, compression: Compression): Promise<Row> {
  const ideal = Math.ceil(idealBytes(compression, bits === 'ternary' ? Math.log2(3) : bits));
  const stock = await sizeOf((handler) => exportStock(compression, handler));
  const packed = await lastValueFrom(of(compression).pipe(pack()));
  const size = await sizeOf((handler) => packed.model.save(handler));
  packed.dispose();
  return {name, packed: size, ideal, stock};
}

/** Saves into a folder of its own, and looks at what is there. */
async function sizeOf(save: (handler: tf.io.IOHandler) => Promise<unknown>): Promise<Size> {
  const folder = await mkdtemp(join(tmpdir(), 'files-'));
  try {
    await save(fileHandler(folder));
    const [json, weights] = await Promise.all(
      ['model.json', 'weights.bin'].map((name) => readFile(join(folder, name))),
    );
    return {
      bytes: json.length + weights.length,
      json: json.length,
      gzip: gzipSync(json, {level: 9}).length + gzipSync(weights, {level: 9}).length,
    };
  } finally {
    await rm(folder, {recursive: true});
  }
}

/** The file of the example's uint8 baseline: every weight as tfjs's converter quantizes it. */
async function uint8Artifacts(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  const quantized = await Promise.all(
    model.weights.map(async (weight) => {
      const {codes, scale, min} = affineUint8(await weight.read().data());
      return {
        codes,
        spec: {
          name: weight.originalName,
          shape: weight.shape.map(Number),
          dtype: 'float32' as const,
          quantization: {dtype: 'uint8' as const, scale, min},
        },
      };
    }),
  );
  return {
    modelTopology: model.toJSON(undefined, false) as object,
    format: 'layers-model',
    weightSpecs: quantized.map(({spec}) => spec),
    weightData: Uint8Array.from(Buffer.concat(quantized.map(({codes}) => codes))).buffer,
  };
}

function text({bytes, gzip}: Size): string {
  return `${bytes} (${gzip} gzipped)`;
}
