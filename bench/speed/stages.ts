import 'tfjs-compress/plugins/wasm';
import * as tf from '@tensorflow/tfjs';
import {lastValueFrom, type OperatorFunction, tap} from 'rxjs';
import {calibrate, compress, type Compression, correct, spfqCompress, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {loadFashionMnist} from '../../examples/fashion-mnist/data.ts';
import {keepResults, textTable, TIMING_HEAD, timingCells} from '../results.ts';
import {summaryOf, type Timing} from './timing.ts';

const MODEL = new URL('../../examples/models/fashion-convnet/model.json', import.meta.url).pathname;
const SAMPLES = 1024;

const QUANTIZE = 'spfqQuantize({bits: 2})';
const CORRECT = 'correct() behind it';

type Chain = ReadonlyArray<readonly [string, () => OperatorFunction<Compression, Compression>]>;

/** Each stage is timed on what the one before it left. */
const CHAINS: readonly Chain[] = [
  [
    [QUANTIZE, () => spfqQuantize({bits: 2})],
    [CORRECT, () => correct()],
  ],
  [
    ['spfqPrune({sparsity: 0.5})', () => spfqPrune({sparsity: 0.5})],
    ['spfqQuantize({bits: 4}) behind it', () => spfqQuantize({bits: 4})],
    ['correct() behind both', () => correct()],
  ],
  [['spfqCompress({sparsity: 0.5, bits: 4})', () => spfqCompress({sparsity: 0.5, bits: 4})]],
];

/** How long each stage takes. */
export async function stages({repeat}: {readonly repeat: number}): Promise<void> {
  await tf.setBackend('wasm');
  const {train} = await loadFashionMnist({full: false});
  const model = await tf.loadLayersModel(fileHandler(MODEL));
  const timings: Array<readonly [string, Timing]> = [];
  for (const chain of CHAINS) {
    const clock = new StageClock();
    for (let run = 0; run < repeat; run++) await runChain(model, train.x, chain, clock);
    timings.push(...clock.timings());
  }
  const medians = Object.fromEntries(timings.map(([name, {median}]) => [name, median]));
  const ratio = medians[CORRECT] / medians[QUANTIZE];
  console.log(`the example's convnet, ${SAMPLES} calibration images, wasm, the walk through the model included`);
  console.log(
    textTable(
      ['seconds', ...TIMING_HEAD],
      timings.map(([name, timing]) => [name, ...timingCells(timing)]),
    ),
  );
  console.log(`${CORRECT} / ${QUANTIZE}: ${ratio.toFixed(2)} (aim: at most 1)`);
  keepResults('stages', {samples: SAMPLES, timings: Object.fromEntries(timings), correctOverQuantize: ratio});
}

async function runChain(model: tf.LayersModel, x: tf.Tensor, chain: Chain, clock: StageClock): Promise<void> {
  const start = compress(model).pipe(
    calibrate(x, {samples: SAMPLES}),
    tap(() => {
      clock.start();
    }),
  );
  const last = await lastValueFrom(
    chain.reduce(
      (compressed$, [name, stage]) =>
        compressed$.pipe(
          stage(),
          tap(() => {
            clock.lap(name);
          }),
        ),
      start,
    ),
  );
  last.dispose();
}

/** Seconds of each stage over several runs. */
class StageClock {
  private readonly laps = new Map<string, Lap[]>();
  private begin: Lap = {seconds: 0, cpu: 0};

  start(): void {
    this.begin = now();
  }

  lap(name: string): void {
    const end = now();
    this.laps.set(name, [
      ...(this.laps.get(name) ?? []),
      {seconds: end.seconds - this.begin.seconds, cpu: end.cpu - this.begin.cpu},
    ]);
    this.begin = end;
  }

  timings(): Array<readonly [string, Timing]> {
    return Array.from(this.laps, ([name, laps]) => [
      name,
      {
        ...summaryOf(laps.map(({seconds}) => seconds)),
        runs: laps.length,
        cpu: summaryOf(laps.map(({cpu}) => cpu)).median,
      },
    ]);
  }
}

type Lap = Readonly<Record<'seconds' | 'cpu', number>>;

function now(): Lap {
  const {user, system} = process.cpuUsage();
  return {seconds: performance.now() / 1000, cpu: (user + system) / 1e6};
}
