import {expect} from 'chai';
import {allocate, type AllocationOption} from '../../src/numerics/allocation.ts';
import {uniforms} from '../support/numerics/randomMatrices.ts';

type Layers = ReadonlyArray<readonly AllocationOption[]>;

describe('allocate(layers, budget)', () => {
  it('has the least sum of errors within the budget', () => {
    const layers = [
      [
        {cost: 1, error: 9},
        {cost: 2, error: 4},
        {cost: 3, error: 2.5},
      ],
      [
        {cost: 1, error: 8},
        {cost: 2, error: 7},
        {cost: 3, error: 6.5},
      ],
    ];
    expect([2, 3, 4, 5, 6].map((budget) => allocate(layers, budget))).to.deep.equal([
      [0, 0],
      [1, 0],
      [2, 0],
      [2, 1],
      [2, 2],
    ]);
  });

  it('is nothing if the cheapest options exceed the budget', () => {
    expect(allocate([[{cost: 2, error: 1}], [{cost: 3, error: 1}]], 4.99)).to.equal(undefined);
    expect(allocate([[{cost: 2, error: 1}], [{cost: 3, error: 1}]], 5)).to.deep.equal([0, 0]);
    expect(allocate([], 0)).to.deep.equal([]);
  });

  it('of equal costs takes the least error, and of equal errors the least cost', () => {
    expect(
      allocate(
        [
          [
            {cost: 2, error: 5},
            {cost: 2, error: 3},
            {cost: 2, error: 4},
          ],
        ],
        2,
      ),
    ).to.deep.equal([1]);
    expect(
      allocate(
        [
          [
            {cost: 1, error: 3},
            {cost: 2, error: 3},
            {cost: 3, error: 4},
          ],
        ],
        9,
      ),
    ).to.deep.equal([0]);
  });

  it('gives a layer with most of the weights its step, and the others what is left', () => {
    // Per cost the first layer gains more with each of its steps than the second with its only one.
    const layers = [
      [0, 1, 2, 3].map((cost) => ({cost, error: 8 - 2.5 * cost})),
      [
        {cost: 10, error: 22},
        {cost: 20, error: 0},
      ],
    ];
    expect(allocate(layers, 22)).to.deep.equal([2, 1]);
  });

  it('is the best of all choices, for 300 random problems', () => {
    const next = uniforms(5);
    for (let trial = 0; trial < 300; trial++) {
      const layers = Array.from({length: 4}, () =>
        Array.from({length: 4}, () => ({cost: Math.ceil(9 * next()), error: 10 * next()})),
      );
      const budget = Math.floor(8 + 20 * next());
      const chosen = allocate(layers, budget);
      const best = leastError(layers, budget);
      expect(chosen === undefined).to.equal(best === Infinity);
      if (!chosen) continue;
      const {cost, error} = sumOf(layers, chosen);
      expect(cost).to.be.at.most(budget);
      expect(error).to.be.closeTo(best, 1e-12);
    }
  });

  it('of 60 layers with 8 options comes within 2 % of what no choice can undercut', () => {
    const next = uniforms(6);
    const layers = Array.from({length: 60}, () => {
      const [weights, sensitivity] = [Math.ceil(1e6 * next() ** 3), next()];
      return [1, 2, 3, 4, 5, 6, 7, 8].map((bits) => ({
        cost: weights * bits + 37,
        error: sensitivity * 4 ** -bits * (1 + 0.2 * next()),
      }));
    });
    const smallest = layers.reduce((sum, [{cost}]) => sum + cost, 0);
    for (const factor of [1.01, 2.2, 5]) {
      const {cost, error} = sumOf(layers, allocate(layers, factor * smallest) ?? []);
      expect(cost).to.be.at.most(factor * smallest);
      expect(error / dualBound(layers, factor * smallest)).to.be.within(1, 1.02);
    }
  });
});

/** max over λ of Σ min (error + λ cost) − λ budget: the Lagrange dual, which no choice within the budget undercuts. */
function dualBound(layers: Layers, budget: number): number {
  const bounds = Array.from({length: 400}, (_, k) => {
    const lambda = 10 ** (-14 + k / 40);
    return (
      layers.reduce((sum, options) => sum + Math.min(...options.map(({cost, error}) => error + lambda * cost)), 0) -
      lambda * budget
    );
  });
  return Math.max(...bounds);
}

function sumOf(layers: Layers, chosen: readonly number[]): AllocationOption {
  const options = layers.map((one, layer) => one[chosen[layer]]);
  return {
    cost: options.reduce((sum, {cost}) => sum + cost, 0),
    error: options.reduce((sum, {error}) => sum + error, 0),
  };
}

/** Over all choices; Infinity if none fits. */
function leastError([first, ...others]: Layers, budget: number): number {
  const errors = first.map(({cost, error}) => {
    if (cost > budget) return Infinity;
    return error + (others.length > 0 ? leastError(others, budget - cost) : 0);
  });
  return Math.min(...errors);
}
