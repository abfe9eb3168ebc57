import 'tfjs-compress/plugins/wasm';
import 'tfjs-compress/plugins/webgpu';
import * as tf from '@tensorflow/tfjs';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, pack, spfqQuantize} from 'tfjs-compress';
import {fileHandler, useWebGPU} from 'tfjs-compress/plugins/node';
import {loadFashionMnist} from '../../examples/fashion-mnist/data.ts';
import {keepResults, textTable} from '../results.ts';
import {type MeasuredLayer, packedCounterpart} from './packedCounterpart.ts';
import {summaryOf} from './timing.ts';

const MODEL = new URL('../../examples/models/fashion-convnet/model.json', import.meta.url).pathname;
const CONVNET = {bits: 4, batches: [1, 32]} as const;
const LARGE = {size: 4096, batches: [1, 8, 128], bits: [4, 2], predictions: 32} as const;

/** What the project asks: on webgpu no slower than float32, decoded on wasm at most so much slower. */
const AIMS = {webgpu: 1, wasm: 1.3} as const;

/** What is measured: a packed layer beside tfjs's own. */
interface Case {
  readonly name: string;
  readonly layer: MeasuredLayer;
  readonly bits: number;
  readonly groupSize?: number;
  readonly batch: number;
}

/** Milliseconds of one prediction, host to host, by turns in one run. */
interface Row {
  readonly backend: string;
  readonly name: string;
  readonly batch: number;
  readonly packed: ReturnType<typeof summaryOf>;
  readonly float: ReturnType<typeof summaryOf>;
  readonly packedBytes?: number;
  readonly floatBytes?: number;
}

const DENSE: MeasuredLayer = {className: 'Dense', config: {units: 1024}, inputShape: [1024]};
const CONV2D: MeasuredLayer = {
  className: 'Conv2D',
  config: {filters: 64, kernelSize: [3, 3], padding: 'same'},
  inputShape: [28, 28, 32],
};

const CASES: readonly Case[] = [
  ...[1, 32].flatMap((batch) => [
    {name: 'Dense 1024², 2 bits', layer: DENSE, bits: 2, batch},
    {name: 'Dense 1024², 4 bits', layer: DENSE, bits: 4, batch},
    {name: 'Dense 1024², 4 bits, group 32', layer: DENSE, bits: 4, groupSize: 32, batch},
  ]),
  ...[1, 8].flatMap((batch) =>
    [2, 4].map((bits) => ({name: `Conv2D 3×3, 32 → 64, 28×28, ${bits} bits`, layer: CONV2D, bits, batch})),
  ),
];

/** Packed layers beside tfjs's float32 layers: kernels on webgpu, the example's convnet on wasm. */
export async function packed({repeat}: {readonly repeat: number}): Promise<void> {
  await useWebGPU();
  const rows: Row[] = [];
  for (const given of CASES) rows.push(await measuredCase(given, repeat, 1));
  rows.push(...(await convnetRows(repeat)));
  print(rows);
  const {webgpu, wasm} = Object.fromEntries(
    ['webgpu', 'wasm'].map((backend) => [
      backend,
      Math.max(...rows.filter((row) => row.backend === backend).map(ratioOf)),
    ]),
  );
  console.log(
    `largest ratio: webgpu ${webgpu.toFixed(2)} (aim: at most ${AIMS.webgpu}), wasm ${wasm.toFixed(2)} (aim: ` +
      `at most ${AIMS.wasm})`,
  );
  keepResults('packed', {adapter: adapterName(), rows});
}

/**
 * A large Dense layer, for machines with a GPU; each time is of many predictions at once, so that the way to the device
 * does not count.
 */
export async function packedLarge({repeat}: {readonly repeat: number}): Promise<void> {
  await useWebGPU();
  const {size, batches, bits, predictions} = LARGE;
  const layer: MeasuredLayer = {className: 'Dense', config: {units: size}, inputShape: [size]};
  const rows: Row[] = [];
  for (const batch of batches) {
    for (const b of bits)
      rows.push(await measuredCase({name: `Dense ${size}², ${b} bits`, layer, bits: b, batch}, repeat, predictions));
  }
  const bandwidth = await bytesPerMillisecond(repeat, predictions);
  const floors = rows.map(({packedBytes = 0, batch}) => (packedBytes + 8 * batch * size) / bandwidth);
  print(rows);
  console.log(
    `memory: ${(bandwidth / 1e6).toFixed(1)} GB/s by tf.add; ` +
      `reading codes, x and y once takes ${floors.map((floor) => floor.toFixed(3)).join(', ')} ms`,
  );
  keepResults('packed-large', {
    adapter: adapterName(),
    size,
    predictions,
    gigabytesPerSecond: bandwidth / 1e6,
    rows: rows.map((row, i) => ({...row, floor: floors[i]})),
  });
}

async function measuredCase(
  {name, layer, bits, groupSize, batch}: Case,
  runs: number,
  predictions: number,
): Promise<Row> {
  const x = tf.randomUniform([batch, ...layer.inputShape], -1, 1);
  const {float, packed: counterpart, packedBytes, floatBytes} = packedCounterpart(layer, bits, groupSize);
  const row = {
    backend: tf.getBackend(),
    name,
    batch,
    packedBytes,
    floatBytes,
    ...(await byTurns(counterpart, float, x, runs, predictions)),
  };
  tf.dispose(x);
  [float, counterpart].forEach((model) => {
    model.dispose();
  });
  return row;
}

async function byTurns(
  counterpart: tf.LayersModel,
  float: tf.LayersModel,
  x: tf.Tensor,
  runs: number,
  predictions = 1,
): Promise<Pick<Row, 'packed' | 'float'>> {
  const times = {packed: [] as number[], float: [] as number[]};
  for (let run = -1; run < runs; run++) {
    for (const [name, model] of [
      ['packed', counterpart],
      ['float', float],
    ] as const) {
      const time = await millisecondsOf(() => model.predict(x) as tf.Tensor, predictions);
      if (run >= 0) times[name].push(time); // the first compiles
    }
  }
  return {packed: summaryOf(times.packed), float: summaryOf(times.float)};
}

/** The time of one call of several; they end when the last result is on the host. */
async function millisecondsOf(compute: () => tf.Tensor, calls: number): Promise<number> {
  const start = performance.now();
  for (let i = 1; i < calls; i++) compute().dispose();
  const last = compute();
  await last.data();
  last.dispose();
  return (performance.now() - start) / calls;
}

/** How fast the device reads and writes memory: two numbers read and one written, 2²⁴ times. */
async function bytesPerMillisecond(runs: number, calls: number): Promise<number> {
  const [a, b] = [tf.randomUniform([2 ** 24]), tf.randomUniform([2 ** 24])];
  const probe = () => tf.tidy(() => tf.slice(tf.add(a, b), [0], [1]));
  const times: number[] = [];
  for (let run = -1; run < runs; run++) times.push(await millisecondsOf(probe, calls));
  tf.dispose([a, b]);
  return (3 * 4 * 2 ** 24) / Math.min(...times);
}

async function convnetRows(repeat: number): Promise<Row[]> {
  await tf.setBackend('wasm');
  const {train} = await loadFashionMnist({full: false});
  const float = await tf.loadLayersModel(fileHandler(MODEL));
  const quick = {samples: 1, sweeps: 1, rounds: 1, pairs: 0};
  const counterpart = await lastValueFrom(
    compress(float).pipe(calibrate(train.x, {samples: 64}), spfqQuantize({bits: CONVNET.bits, ...quick}), pack()),
  );
  const rows: Row[] = [];
  for (const batch of CONVNET.batches) {
    const x = tf.tidy(() => tf.slice(train.x, 0, batch));
    rows.push({
      backend: 'wasm',
      name: `the example's convnet, ${CONVNET.bits} bits, decoded`,
      batch,
      ...(await byTurns(counterpart.model, float, x, 5 * repeat)),
    });
    x.dispose();
  }
  counterpart.dispose();
  return rows;
}

function print(rows: readonly Row[]): void {
  console.log(`webgpu: ${adapterName()}`);
  console.log(
    textTable(
      [
        'milliseconds, host to host',
        'backend',
        'batch',
        'packed',
        'least',
        'float32',
        'least',
        'packed / float32',
        'bytes / float32',
      ],
      rows.map((row) => [
        row.name,
        row.backend,
        String(row.batch),
        ...[row.packed.median, row.packed.least, row.float.median, row.float.least].map((value) => value.toFixed(2)),
        ratioOf(row).toFixed(2),
        row.packedBytes && row.floatBytes ? (row.packedBytes / row.floatBytes).toFixed(3) : '',
      ]),
    ),
  );
}

function ratioOf({packed: {median}, float}: Row): number {
  return median / float.median;
}

function adapterName(): string {
  const {adapterInfo} = tf.engine().findBackend('webgpu') as unknown as {
    readonly adapterInfo: {readonly vendor: string; readonly architecture: string};
  };
  return `${adapterInfo.vendor} ${adapterInfo.architecture}`;
}
