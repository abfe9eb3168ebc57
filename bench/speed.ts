import '@tensorflow/tfjs-backend-wasm';
import {dispose, expandDims, setBackend, slice, type Tensor2D, type Tensor3D, tidy} from '@tensorflow/tfjs-core';
import {type QuantizeMethod, quantizeWeights, type WeightProblem} from '../src/methods/quantizeWeights.ts';
import {alignWeights} from '../src/numerics/alignment.ts';
import {uniformAlphabet} from '../src/numerics/alphabet.ts';
import type {GramPair} from '../src/numerics/centering.ts';
import type {Matrix} from '../src/numerics/matrix.ts';
import {meanSquareScale} from '../src/numerics/meanSquareScale.ts';
import {pathFeedback} from '../src/numerics/pathFeedback.ts';
import type {Scales} from '../src/numerics/scales.ts';
import {quantizePlan} from '../src/operators/quantizeOptions.ts';
import {pathFollower} from '../src/ops/followPath.ts';
import {GramStatistics} from '../src/ops/gramStatistics.ts';
import type {Rounding} from '../src/stochastic/index.ts';
import {syntheticProblem, type SyntheticProblem} from './problem.ts';
import {keepResults, textTable, TIMING_HEAD, timingCells} from './results.ts';
import {followSequentially, SEQUENTIAL_FORMS, type SequentialForm, sequentialProblem, type SequentialProblem} from './sequentialPath.ts';
import {type Timed, timed, type Timing} from './timing.ts';

const SIZE = {features: 2304, neurons: 256, rows: 4096} as const;
const BATCH_ROWS = 128;
const SEQUENTIAL_SECONDS = 180;
const TRIAL_FEATURES = 32;
const SLICED_FEATURES = 64;
const ALPHABET = uniformAlphabet({bits: 3});
const PLACE = {layer: 0, problem: 0};

/** What the project asks of this benchmark. */
const AIMS = {ratioInAll: 8, ratioOfPath: 40, secondsInAll: 2.5, secondsOfPath: 0.5} as const;

/** Statistics, alignment, one path and the default recipe, beside the authors' sequential form in the same run. */
export async function speed({repeat}: {readonly repeat: number}): Promise<void> {
  await setBackend('wasm');
  const problem = syntheticProblem(SIZE);
  const ours = await timeOurs(problem, repeat);
  const sequential = await timeSequential(problem, ours.scales, repeat);
  const sliced = await timeSliced(problem, ours.scales, sequential.form);
  dispose([problem.original, problem.shadow]);
  const equalCodes = shareOfEqual(ours.nearestCodes, sequential.codes);
  const path = ours.timings['one path'];
  const timings = {...ours.timings, 'sequential form': sequential.timing, 'the same with tf.slice at each step (scaled up)': sliced};
  const ratios = {
    wall: ratiosOf(ours.timings, sequential.timing, 'median'),
    cpu: ratiosOf(ours.timings, sequential.timing, 'cpu'),
    slicedWall: ratiosOf(ours.timings, sliced, 'median'),
    slicedCpu: ratiosOf(ours.timings, sliced, 'cpu'),
  };
  console.log(report(timings, path, ratios, equalCodes));
  keepResults('speed', {size: SIZE, seconds: timings, sequentialForm: sequential.form, ratios, equalCodes, aims: AIMS});
}

type Timings = Readonly<Record<'statistics' | 'alignment' | 'feedback' | 'one path' | 'default recipe', Timing>>;

async function timeOurs(problem: SyntheticProblem, runs: number): Promise<{timings: Timings; scales: Scales; nearestCodes: Int16Array}> {
  const {weights} = problem;
  const statistics = await timeStatistics(problem, runs);
  const {gram, crossGram} = statistics.result;
  const alignment = await timed(() => alignWeights(weights, gram, crossGram, {method: 'order'}), {runs});
  const feedback = await timed(() => pathFeedback(gram, {kind: 'path'}), {runs});
  const scales = meanSquareScale(weights, ALPHABET, 'channel');
  const path = await timed(() => follow(alignment.result, feedback.result, scales, 'stochastic'), {runs});
  const recipe = await timed(() => runDefaults({weights, gram, crossGram}), {runs});
  return {
    timings: {statistics: statistics.timing, alignment: alignment.timing, feedback: feedback.timing, 'one path': path.timing, 'default recipe': recipe.timing},
    scales,
    nearestCodes: await follow(alignment.result, feedback.result, scales, 'nearest'),
  };
}

async function timeStatistics({shadow, original}: SyntheticProblem, runs: number): Promise<Timed<GramPair>> {
  const batches = Array.from({length: SIZE.rows / BATCH_ROWS}, (_, i) => [batchOf(shadow, i), batchOf(original, i)] as const);
  try {
    return await timed(async () => {
      const statistics = new GramStatistics();
      for (const [inShadow, inOriginal] of batches) await statistics.add(inShadow, inOriginal);
      return (await statistics.take())[0];
    }, {runs});
  } finally {
    dispose(batches.flat());
  }
}

function batchOf(rows: Tensor2D, index: number): Tensor3D {
  return tidy(() => expandDims(slice(rows, [index * BATCH_ROWS, 0], [BATCH_ROWS, SIZE.features]), 0));
}

async function follow(aligned: Matrix, feedback: Matrix, scales: Scales, rounding: Rounding): Promise<Int16Array> {
  const follower = pathFollower(aligned, feedback);
  try {
    return (await follower.follow({alphabet: ALPHABET, scales, rounding, seed: 1, layer: 0, firstNeuron: 0, path: 0})).codes;
  } finally {
    follower.dispose();
  }
}

async function runDefaults(problem: WeightProblem): Promise<void> {
  const method: QuantizeMethod = {...quantizePlan('bench', {bits: 2}), seed: 0};
  await quantizeWeights(problem, PLACE, method, () => Promise.resolve());
}

async function timeSequential(problem: SyntheticProblem, {steps}: Scales, runs: number): Promise<{form: SequentialForm; timing: Timing; codes: Int16Array}> {
  const sequential = sequentialProblem(problem, steps, ALPHABET, 'tensors');
  try {
    const form = await fastestForm(sequential);
    const {timing, result} = await timed(() => codesOf(followSequentially(sequential, form)), {runs, within: SEQUENTIAL_SECONDS});
    return {form, timing, codes: result};
  } finally {
    sequential.dispose();
  }
}

/** The same with `tf.slice` at each step, on some of the features. In seconds for all of them. */
async function timeSliced(problem: SyntheticProblem, {steps}: Scales, form: SequentialForm): Promise<Timing> {
  const sequential = sequentialProblem(problem, steps, ALPHABET, 'slice');
  try {
    const {timing} = await timed(() => codesOf(followSequentially(sequential, form, SLICED_FEATURES)), {runs: 3});
    const all = SIZE.features / SLICED_FEATURES;
    return {...timing, median: all * timing.median, least: all * timing.least, most: all * timing.most, cpu: all * timing.cpu};
  } finally {
    sequential.dispose();
  }
}

/** The way to write the sequential form that this machine runs fastest, over a few features. */
async function fastestForm(problem: SequentialProblem): Promise<SequentialForm> {
  const trials: Array<{form: SequentialForm; seconds: number}> = [];
  for (const form of SEQUENTIAL_FORMS) {
    const {timing} = await timed(() => codesOf(followSequentially(problem, form, TRIAL_FEATURES)), {runs: 3});
    trials.push({form, seconds: timing.median});
    console.log(`sequential form, U ${form.layout}, update by ${form.update}: ${(1000 * timing.median / TRIAL_FEATURES).toFixed(1)} ms per feature`);
  }
  return trials.reduce((best, trial) => (trial.seconds < best.seconds ? trial : best)).form;
}

async function codesOf(codes: Tensor2D): Promise<Int16Array> {
  const values = await codes.data();
  codes.dispose();
  return Int16Array.from(values);
}

function shareOfEqual(ours: Int16Array, theirs: Int16Array): number {
  return ours.reduce((equal, code, i) => equal + (code === theirs[i] ? 1 : 0), 0) / ours.length;
}

interface Ratios {
  readonly secondsInAll: number;
  readonly ratioInAll: number;
  readonly ratioOfPath: number;
}

function ratiosOf(ours: Timings, sequential: Timing, clock: 'median' | 'cpu'): Ratios {
  const secondsOfPath = ours['one path'][clock];
  const secondsInAll = ours.statistics[clock] + ours.alignment[clock] + secondsOfPath;
  return {secondsInAll, ratioInAll: sequential[clock] / secondsInAll, ratioOfPath: sequential[clock] / secondsOfPath};
}

function report(timings: Readonly<Record<string, Timing>>, path: Timing, {wall, cpu, slicedWall, slicedCpu}: Readonly<Record<'wall' | 'cpu' | 'slicedWall' | 'slicedCpu', Ratios>>, equalCodes: number): string {
  const {features, neurons, rows} = SIZE;
  return [
    `N = ${features} features, n = ${neurons} neurons, m = ${rows} rows, two networks, wasm`,
    textTable(['seconds', ...TIMING_HEAD], Object.entries(timings).map(([name, timing]) => [name, ...timingCells(timing)])),
    textTable(['against the aims', 'median', 'processor', 'aim'], [
      ['sequential / (statistics + alignment + one path)', times(wall.ratioInAll), times(cpu.ratioInAll), `≥ ${AIMS.ratioInAll} ×`],
      ['sequential / one path', times(wall.ratioOfPath), times(cpu.ratioOfPath), `≥ ${AIMS.ratioOfPath} ×`],
      ['with tf.slice / (statistics + alignment + one path)', times(slicedWall.ratioInAll), times(slicedCpu.ratioInAll), ''],
      ['with tf.slice / one path', times(slicedWall.ratioOfPath), times(slicedCpu.ratioOfPath), ''],
      ['statistics + alignment + one path', seconds(wall.secondsInAll), seconds(cpu.secondsInAll), `≤ ${AIMS.secondsInAll} s`],
      ['one path', seconds(path.median), seconds(path.cpu), `≤ ${AIMS.secondsOfPath} s`],
    ]),
    `codes of both forms at 3 bits, rounding to nearest: ${(100 * equalCodes).toFixed(2)} % equal`,
  ].join('\n');
}

function times(ratio: number): string {
  return `${ratio.toFixed(1)} ×`;
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}
