import '@tensorflow/tfjs-backend-wasm';
import {dispose, expandDims, setBackend, slice, type Tensor2D, type Tensor3D, tidy} from '@tensorflow/tfjs-core';
import type {GramPair} from '../../src/numerics/correction/centering.ts';
import {alignWeights, meanSquareScale, pathFeedback} from '../../src/numerics/index.ts';
import type {Matrix} from '../../src/numerics/linalg/matrix.ts';
import type {Scales} from '../../src/numerics/scales/scales.ts';
import {uniformAlphabet} from '../../src/numerics/stochastic/alphabet.ts';
import type {Rounding} from '../../src/numerics/stochastic/index.ts';
import {immediately} from '../../src/numerics/task.ts';
import {completePlan, quantizePlan} from '../../src/operators/quantizeOptions.ts';
import {pathFollower} from '../../src/ops/followPath.ts';
import {GramStatistics} from '../../src/ops/gramStatistics.ts';
import {quantizeWeights} from '../../src/solver/quantizeWeights.ts';
import type {WeightProblem} from '../../src/solver/weightProblem.ts';
import {keepResults} from '../results.ts';
import {type SyntheticProblem, syntheticProblem} from './problem.ts';
import {
  type ColumnAccess,
  followSequentially,
  SEQUENTIAL_FORMS,
  type SequentialForm,
  type SequentialProblem,
  sequentialProblem,
} from './sequentialPath.ts';
import type {Ratios, SequentialName, SequentialTimings, Timings} from './speedReport.ts';
import {
  AIMS,
  GATHERED,
  PREPARED,
  ratiosOf,
  report,
  SEQUENTIAL_NAMES,
  SIZE,
  SLICED,
  SLICED_FEATURES,
} from './speedReport.ts';
import {type Timed, timed, type Timing} from './timing.ts';
const BATCH_ROWS = 128;
const SEQUENTIAL_SECONDS = 180;
const TRIAL_FEATURES = 128;
const ALPHABET = uniformAlphabet({bits: 3});
const PLACE = {layer: 0, matrix: 0};

/** Statistics, alignment, one path and the default recipe, beside the authors' sequential form in the same run. */
export async function speed({repeat}: {readonly repeat: number}): Promise<void> {
  await setBackend('wasm');
  const problem = syntheticProblem(SIZE);
  const ours = await timeOurs(problem, repeat);
  const sequential = await timeSequential(problem, ours.scales, repeat);
  dispose([problem.original, problem.shadow]);
  const equalCodes = shareOfEqual(ours.nearestCodes, sequential.codes);
  const ratios = Object.fromEntries(
    SEQUENTIAL_NAMES.map((name) => [name, ratiosOf(ours.timings, sequential.timings[name])]),
  ) as Record<SequentialName, Ratios>;
  const timings = {...ours.timings, ...sequential.timings};
  console.log(report(timings, sequential.form, ratios, equalCodes));
  keepResults('speed', {size: SIZE, seconds: timings, sequentialForm: sequential.form, ratios, equalCodes, aims: AIMS});
}

async function timeOurs(
  problem: SyntheticProblem,
  runs: number,
): Promise<{timings: Timings; scales: Scales; nearestCodes: Int16Array}> {
  const {weights} = problem;
  const statistics = await timeStatistics(problem, runs);
  const {gram, crossGram} = statistics.result;
  const alignment = await timed(() => alignWeights(weights, gram, crossGram, {method: 'order'}), {runs});
  const feedback = await timed(() => pathFeedback(gram, {kind: 'path'}), {runs});
  const scales = meanSquareScale(weights, ALPHABET, 'channel');
  const path = await timed(() => follow(alignment.result, feedback.result, scales, 'stochastic'), {runs});
  const recipe = await timed(() => runDefaults({weights, gram, crossGram}), {runs});
  return {
    timings: {
      statistics: statistics.timing,
      alignment: alignment.timing,
      feedback: feedback.timing,
      'one path': path.timing,
      'default recipe': recipe.timing,
    },
    scales,
    nearestCodes: await follow(alignment.result, feedback.result, scales, 'nearest'),
  };
}

async function timeStatistics({shadow, original}: SyntheticProblem, runs: number): Promise<Timed<GramPair>> {
  const batches = Array.from(
    {length: SIZE.rows / BATCH_ROWS},
    (_, i) => [batchOf(shadow, i), batchOf(original, i)] as const,
  );
  try {
    return await timed(
      async () => {
        const statistics = new GramStatistics();
        for (const [inShadow, inOriginal] of batches) await statistics.add(inShadow, inOriginal);
        return (await statistics.take())[0];
      },
      {runs},
    );
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
    return (
      await follower.follow({
        kind: 'quantizer',
        rounding,
        alphabet: ALPHABET,
        scales,
        threshold: 0,
        seed: 1,
        layer: 0,
        firstNeuron: 0,
        path: 0,
      })
    ).codes;
  } finally {
    follower.dispose();
  }
}

async function runDefaults(problem: WeightProblem): Promise<void> {
  const {method} = completePlan(quantizePlan('bench', {bits: 2}), 0);
  await quantizeWeights(problem, PLACE, method, immediately);
}

async function timeSequential(
  problem: SyntheticProblem,
  {steps}: Scales,
  runs: number,
): Promise<{form: SequentialForm; timings: SequentialTimings; codes: Int16Array}> {
  const prepare = (access: ColumnAccess) => sequentialProblem(problem, steps, ALPHABET, access);
  const form = await fastestForm(prepare('prepared'));
  const follow = async (access: ColumnAccess, features?: number) => {
    const sequential = prepare(access);
    const codes = await codesOf(followSequentially(sequential, form, features));
    sequential.dispose();
    return codes;
  };
  const preparation = await timed(
    () => {
      prepare('prepared').dispose();
    },
    {runs},
  );
  const prepared = await timed(() => follow('prepared'), {runs, within: SEQUENTIAL_SECONDS});
  const gathered = await timed(() => follow('gather'), {runs, within: SEQUENTIAL_SECONDS});
  const sliced = await timed(() => follow('slice', SLICED_FEATURES), {runs: 3});
  return {
    form,
    codes: prepared.result,
    timings: {
      [SLICED]: scaled(sliced.timing, SIZE.features / SLICED_FEATURES),
      [GATHERED]: gathered.timing,
      [PREPARED]: prepared.timing,
      'of which preparing the columns': preparation.timing,
    },
  };
}

/** The timing scaled to a multiple of the work. */
function scaled({median, least, most, cpu, runs}: Timing, factor: number): Timing {
  return {median: factor * median, least: factor * least, most: factor * most, cpu: factor * cpu, runs};
}

/** The way to write the update of U that this machine runs fastest, over a few features. Ends the problem. */
async function fastestForm(problem: SequentialProblem): Promise<SequentialForm> {
  const trials: Array<{form: SequentialForm; seconds: number}> = [];
  for (const form of SEQUENTIAL_FORMS) {
    const {timing} = await timed(() => codesOf(followSequentially(problem, form, TRIAL_FEATURES)), {runs: 3});
    trials.push({form, seconds: timing.cpu});
    console.log(
      `sequential form, U ${form.layout}, update by ${form.update}: ` +
        `${((1000 * timing.cpu) / TRIAL_FEATURES).toFixed(1)} ms per feature`,
    );
  }
  problem.dispose();
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
