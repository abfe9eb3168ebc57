import {expect} from 'chai';
import {type Matrix, multiply, pathBound, pathFeedback, pathVariance, uniformAlphabet} from 'tfjs-compress/numerics';
import {diagonal, subtract} from '../../../src/numerics/linalg/matrix.ts';
import {reals} from '../../../src/numerics/stochastic/alphabet.ts';
import {type CodedPath, type PathChoice, type PathFollower, pathFollower} from '../../../src/ops/followPath.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {convnetLayers, type LayerMatrices} from '../../support/numerics/convnetLayers.ts';
import {gaussianMatrix, gramsOf} from '../../support/numerics/randomMatrices.ts';

const SEEDS = 200;
const ROWS = 256;
const NEURONS = 4;
const PROBABILITY = 0.01;
const SCALINGS = [1, 2, 4, 16] as const;
const GAUSSIAN = 'a Gaussian layer';
const REAL = ['conv1', 'conv2', 'logits'] as const; // 16, 1,024 and 64 features

/** T at the size of a layer's weights. */
interface SizedOperator extends Pick<PathChoice, 'kind' | 'alphabet' | 'threshold'> {
  readonly step: number;
  /** K with |T(x) − x| ≤ K. */
  readonly radius: number;
}

/** T by the standard deviation of the weights and the largest of them. But for 1 bit, the letters go on for ever. */
const sizes: Readonly<Record<string, (deviation: number, largest: number) => SizedOperator>> = {
  quantizer: (deviation) => ({kind: 'quantizer', alphabet: reals, step: deviation, threshold: 0, radius: deviation}),
  pruner: (deviation) => ({kind: 'pruner', alphabet: reals, step: 1, threshold: deviation, radius: deviation}),
  'quantizer ∘ pruner': (deviation) => ({
    kind: 'sparseQuantizer',
    alphabet: reals,
    step: deviation / 2,
    threshold: 1.2 * deviation,
    radius: 1.5 * deviation,
  }),
  '1 bit': (_, largest) => ({
    kind: 'quantizer',
    alphabet: uniformAlphabet({bits: 1}),
    step: 8 * largest,
    threshold: 0,
    radius: 8 * largest,
  }),
};

/** The paths of all seeds and neurons at one C, of which only those without a clipped step count. */
interface Tally {
  readonly scaling: number;
  readonly paths: number;
  readonly withinBound: number;
  /** The greatest mean square of an entry of X̃(w̃ − q) less its sampling error, over σ². */
  readonly varianceOverBound: number;
}

describe('paths of stochastic operators', () => {
  onBackends(['wasm'], () => {
    const matrices = new Map<string, LayerMatrices>([
      [GAUSSIAN, {inputs: gaussianMatrix(ROWS, 64, 1), weights: gaussianMatrix(64, NEURONS, 2)}],
    ]);
    before(async () => {
      const layers = await convnetLayers(REAL, {rows: ROWS, neurons: NEURONS});
      layers.forEach((layer, i) => matrices.set(REAL[i], layer));
    });

    for (const layer of [GAUSSIAN, ...REAL]) {
      for (const [name, sizeOf] of Object.entries(sizes)) {
        describe(`${name}, ${SEEDS} seeds, ${layer}`, () => {
          let tallies: Tally[] = [];
          before(async () => {
            const found = matrices.get(layer);
            if (found) tallies = await talliesOf(found, sizeOf);
          });

          it('the bound with p = 0.01 holds for at least 99 % of unclipped paths, C = 1, 2, 4, 16', () => {
            for (const {scaling, paths, withinBound} of tallies)
              expect(withinBound, `C = ${scaling}`).to.be.at.least(0.99 * paths);
          });

          it('σ² is at least the variance of every row of X̃(w̃ − q), C = 1, 2, 4, 16', () => {
            for (const {scaling, varianceOverBound} of tallies)
              expect(varianceOverBound, `C = ${scaling}`).to.be.at.most(1);
          });

          if (name === '1 bit')
            it('50 paths or more are without a clipped step, C = 16', () =>
              expect(tallies.at(-1)?.paths).to.be.at.least(50));
          else
            it('no step is clipped', () =>
              expect(tallies.map(({paths}) => paths)).to.deep.equal(SCALINGS.map(() => SEEDS * NEURONS)));
        });
      }
    }
  });
});

/** X̃ is X, so that W̃ is W. */
async function talliesOf(
  {inputs, weights}: LayerMatrices,
  sizeOf: (deviation: number, largest: number) => SizedOperator,
): Promise<Tally[]> {
  const {gram} = gramsOf(inputs, inputs);
  const deviation = Math.sqrt(weights.data.reduce((sum, weight) => sum + weight ** 2, 0) / weights.data.length);
  const operator = sizeOf(
    deviation,
    weights.data.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0),
  );
  const tallies: Tally[] = [];
  for (const scaling of SCALINGS) {
    const follower = pathFollower(weights, pathFeedback(gram, {kind: 'path', scaling}));
    const given = {radius: operator.radius, scaling, largestNorm: Math.max(...diagonal(gram))};
    tallies.push(await tallyOf(follower, {inputs, weights}, operator, given));
    follower.dispose();
  }
  return tallies;
}

async function tallyOf(
  follower: PathFollower,
  {inputs, weights}: LayerMatrices,
  {step, alphabet, kind, threshold}: SizedOperator,
  given: Parameters<typeof pathVariance>[0],
): Promise<Tally> {
  const bound = pathBound({...given, rows: ROWS, probability: PROBABILITY});
  const scales = {
    groupSize: weights.rows,
    groups: 1,
    neurons: NEURONS,
    steps: new Float64Array(NEURONS).fill(Math.fround(step)),
  };
  const paths = new Float64Array(NEURONS),
    squares = new Float64Array(ROWS * NEURONS);
  let withinBound = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const path = await follower.follow({
      kind,
      rounding: 'stochastic',
      alphabet,
      scales,
      threshold,
      seed,
      layer: 0,
      firstNeuron: 0,
      path: 0,
    });
    const reach = largestArguments(path, weights);
    const errors = multiply(inputs, subtract(weights, path.values)).data;
    for (let n = 0; n < NEURONS; n++) {
      if (reach[n] > scales.steps[n] * (alphabet.highest + alphabet.shift)) continue; // clipped
      let largest = 0;
      for (let i = n; i < errors.length; i += NEURONS) {
        largest = Math.max(largest, Math.abs(errors[i]));
        squares[i] += errors[i] ** 2;
      }
      paths[n]++;
      if (largest <= bound) withinBound++;
    }
  }
  return {
    scaling: given.scaling,
    paths: paths.reduce((sum, count) => sum + count, 0),
    withinBound,
    varianceOverBound: largestVariance(squares, paths) / pathVariance(given),
  };
}

/** max_t |w̃_t + drift_t| of every neuron. */
function largestArguments({drift}: CodedPath, {data, columns}: Matrix): Float64Array {
  const largest = new Float64Array(columns);
  data.forEach((weight, i) => {
    largest[i % columns] = Math.max(largest[i % columns], Math.abs(weight + drift.data[i]));
  });
  return largest;
}

/**
 * The greatest mean square, each over 1 + four standard deviations of the sample variance of normal numbers; of neurons
 * with at least 20 paths.
 */
function largestVariance(squares: Float64Array, paths: Float64Array): number {
  return squares.reduce((largest, sum, i) => {
    const count = paths[i % paths.length];
    return count < 20 ? largest : Math.max(largest, sum / count / (1 + 4 * Math.sqrt(2 / (count - 1))));
  }, 0);
}
