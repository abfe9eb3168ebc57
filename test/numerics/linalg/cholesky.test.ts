import {expect} from 'chai';
import {matrix, multiply, transpose} from 'tfjs-compress/numerics';
import * as tasks from '../../../src/numerics/linalg/cholesky.ts';
import {dampedCholesky as dampedCholeskyTask} from '../../../src/numerics/linalg/damping.ts';
import {sync} from '../../../src/numerics/task.ts';
import {gaussianMatrix, gramsOf, largestDifference} from '../../support/numerics/randomMatrices.ts';
import {solve} from '../../support/numerics/solve.ts';

const cholesky = sync(tasks.cholesky);
const choleskySolve = sync(tasks.choleskySolve);
const dampedCholesky = sync(dampedCholeskyTask);

const x = gaussianMatrix(30, 12, 1);
const {gram} = gramsOf(x, x);

describe('cholesky', () => {
  it('of [[4, 2], [2, 10]] is [[2, 0], [1, 3]]', () => {
    expect(Array.from(cholesky(matrix(2, 2, Float64Array.of(4, 2, 2, 10)))?.data ?? [])).to.deep.equal([2, 0, 1, 3]);
  });

  it('gives L with LLᵀ = H', () => {
    const factor = cholesky(gram) ?? matrix(0, 0);
    expect(largestDifference(multiply(factor, transpose(factor)).data, gram.data)).to.be.below(1e-12);
  });

  for (const [name, entries] of Object.entries({
    indefinite: [1, 2, 2, 1],
    singular: [1, 1, 1, 1],
    negative: [-1, 0, 0, 1],
    'with NaN on the diagonal': [NaN, 0, 0, 1],
    'with NaN off it': [1, NaN, NaN, 1],
    'with Infinity': [Infinity, 0, 0, 1],
  })) {
    it(`of a matrix that is ${name} is undefined`, () => {
      expect(cholesky(matrix(2, 2, Float64Array.from(entries)))).to.equal(undefined);
    });
  }

  it('of no features is empty', () => expect(cholesky(matrix(0, 0))?.data).to.have.length(0));
});

it('choleskySolve solves LLᵀ Y = B', () => {
  const right = gaussianMatrix(12, 3, 2);
  const solution = choleskySolve(cholesky(gram) ?? matrix(0, 0), right);
  expect(largestDifference(solution.data, solve(gram, right).data)).to.be.below(1e-12);
});

describe('dampedCholesky', () => {
  it('adds damping · mean diag H', () => {
    const {lambda, damping, gram: damped} = dampedCholesky(matrix(2, 2, Float64Array.of(4, 2, 2, 8)), 0.5);
    expect({lambda, damping}).to.deep.equal({lambda: 3, damping: 0.5});
    expect(Array.from(damped.data)).to.deep.equal([7, 2, 2, 11]);
  });

  it('escalates from 0 to 1e-8 for a singular gram', () => {
    const {damping, lambda} = dampedCholesky(matrix(2, 2, Float64Array.of(1, 1, 1, 1)), 0);
    expect(damping).to.equal(1e-8);
    expect(lambda).to.equal(1e-8);
  });

  it('escalates tenfold where rounding left H negative', () => {
    // eigenvalues 2 and −0.005; the mean of the diagonal is 0.9975
    const {damping} = dampedCholesky(matrix(2, 2, Float64Array.of(0.9975, 1.0025, 1.0025, 0.9975)), 1e-4);
    expect(damping).to.be.closeTo(1e-2, 1e-12);
  });

  it('factorizes a gram of rank 1', () => {
    const row = gaussianMatrix(1, 12, 3);
    const {factor, gram: damped} = dampedCholesky(gramsOf(row, row).gram, 0.01);
    expect(largestDifference(multiply(factor, transpose(factor)).data, damped.data)).to.be.below(1e-12);
  });

  it('takes λ = 1 where every feature is dead', () => {
    const {factor, lambda} = dampedCholesky(matrix(2, 2), 0.01);
    expect({lambda, factor: Array.from(factor.data)}).to.deep.equal({lambda: 1, factor: [1, 0, 0, 1]});
  });

  for (const [name, entries] of Object.entries({
    NaN: [NaN, 0, 0, 1],
    'NaN off the diagonal': [1, NaN, NaN, 1],
    Infinity: [Infinity, 0, 0, 1],
    'a negative diagonal': [-5, 0, 0, 1],
  })) {
    it(`refuses ${name} after six escalations`, () => {
      expect(() => dampedCholesky(matrix(2, 2, Float64Array.from(entries)), 0.01)).to.throw(
        RangeError,
        'the gram of 2 features is not positive semidefinite, even with 6 escalations of damping 0.01',
      );
    });
  }
});
