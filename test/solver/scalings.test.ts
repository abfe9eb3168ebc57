import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {type Granularity, type Matrix, uniformAlphabet} from 'tfjs-compress/numerics';
import {immediately} from '../../src/numerics/task.ts';
import type {QuantizedWeights} from '../../src/solver/followedPath.ts';
import {quantizeWeights} from '../../src/solver/quantizeWeights.ts';
import {columnSquares, gaussianMatrix, gramsOf, residualOf} from '../support/numerics/randomMatrices.ts';

const weights = gaussianMatrix(24, 10, 1);
const inputs = gaussianMatrix(80, 24, 2);
const SCALINGS = [1, 4, 16];

describe('quantizeWeights with several scalings C', () => {
  it('gives each neuron the letters of the C with the least error ‖XW − XQ‖², computed from the rows', async () => {
    const alone = await Promise.all(SCALINGS.map(async (scaling) => errorsOf(await quantized([scaling]))));
    const together = errorsOf(await quantized(SCALINGS));
    together.forEach((error, n) => {
      expect(error).to.be.closeTo(Math.min(...alone.map((errors) => errors[n])), 1e-9 * error);
    });
    const winners = together.map((_, n) =>
      alone.findIndex((errors) => errors[n] === Math.min(...alone.map((one) => one[n]))),
    );
    expect(new Set(winners).size, 'more than one C wins somewhere').to.be.greaterThan(1);
  });

  it('lets neurons that share a scale choose together', async () => {
    const sum = (errors: Float64Array) => errors.reduce((total, error) => total + error, 0);
    const alone = await Promise.all(SCALINGS.map(async (scaling) => quantized([scaling], 'tensor')));
    const best = alone.reduce((one, other) => (sum(errorsOf(other)) < sum(errorsOf(one)) ? other : one));
    expect((await quantized(SCALINGS, 'tensor')).codes).to.deep.equal(best.codes);
  });

  it('speaks of no bound: a choice among paths has a bias', async () => {
    const {path} = await quantized(SCALINGS, 'channel', 1);
    expect(path.isUnbiased).to.equal(false);
    expect((await quantized([1], 'channel', 1)).path.isUnbiased).to.equal(true);
  });
});

function quantized(
  scalings: readonly number[],
  granularity: Granularity = 'channel',
  samples = 4,
): Promise<QuantizedWeights> {
  return quantizeWeights(
    {weights, ...gramsOf(inputs, inputs)},
    {layer: 0, matrix: 0},
    {
      alphabet: uniformAlphabet({bits: 1}),
      granularity,
      alignment: {method: 'order'},
      feedback: {kind: 'path'},
      scalings,
      search: {scale: 'calibration', rounding: 'stochastic', samples},
      refinement: {rounds: 2, sweeps: 2, pairs: 1, offset: true},
      ridge: 0,
      seed: 1,
      strictKernels: false,
    },
    immediately,
  );
}

function errorsOf({values}: {readonly values: Matrix}): Float64Array {
  return columnSquares(residualOf(inputs, weights, inputs, values));
}
