import {expect} from 'chai';
import {type ChannelMoments, matchedNorm, type NormStatistics} from '../../../src/numerics/correction/matchedNorm.ts';
import {gaussians} from '../../support/numerics/randomMatrices.ts';

const EPSILON = 1e-3;

/** Values of one channel in both networks. */
interface Channel {
  readonly own: readonly number[];
  readonly shadow: readonly number[];
}

/** x̃ = slope · x + offset + noise. */
function channelOf(slope: number, offset: number, noise: number): Channel {
  const next = gaussians(5);
  const own = Array.from({length: 400}, () => 2 + 1.5 * next());
  return {own, shadow: own.map((value) => slope * value + offset + noise * next())};
}

function momentsOf({own, shadow}: Channel, movingMean: number): ChannelMoments {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ownMean, shadowMean] = [mean(own), mean(shadow)];
  return {
    mean: ownMean - movingMean,
    shadowMean: shadowMean - movingMean,
    shadowVariance: mean(shadow.map((value) => (value - shadowMean) ** 2)),
    covariance: mean(shadow.map((value, i) => (value - shadowMean) * (own[i] - ownMean))),
  };
}

/** Σ ((x̃ − μ')/√(v' + ε) − (x − μ)/√(v + ε))². */
function errorOf({own, shadow}: Channel, moving: NormStatistics, matched: NormStatistics): number {
  const normalized = (value: number, {mean, variance}: NormStatistics) =>
    (value - mean) / Math.sqrt(variance + EPSILON);
  return shadow.reduce((sum, value, i) => sum + (normalized(value, matched) - normalized(own[i], moving)) ** 2, 0);
}

describe('matchedNorm(moving, ε, moments)', () => {
  for (const [what, channel] of [
    ['a scaled, shifted and noisy copy', channelOf(0.8, 0.4, 0.5)],
    ['a copy with much noise', channelOf(1.2, -1, 1.5)],
  ] as const) {
    for (const moving of [
      {mean: 2.1, variance: 2},
      {mean: 0, variance: 0.3},
    ]) {
      it(`of ${what}, moving (${moving.mean}, ${moving.variance}): no (μ', v') on a fine grid is better`, () => {
        const matched = matchedNorm(moving, EPSILON, momentsOf(channel, moving.mean));
        const min = errorOf(channel, moving, matched);
        for (let i = -10; i <= 10; i++) {
          for (let k = -10; k <= 10; k++) {
            const other = {mean: matched.mean + 0.02 * i, variance: matched.variance * 1.05 ** k};
            expect(errorOf(channel, moving, other)).to.be.at.least(min * (1 - 1e-12));
          }
        }
        expect(min).to.be.lessThan(errorOf(channel, moving, moving));
      });
    }
  }

  it('of equal channels is what was', () => {
    const channel = channelOf(1, 0, 0);
    const {mean, variance} = matchedNorm({mean: 2.1, variance: 2}, EPSILON, momentsOf(channel, 2.1));
    expect(mean).to.be.closeTo(2.1, 1e-12);
    expect(variance).to.be.closeTo(2, 1e-12);
  });

  it("of a channel x̃ = 2x + 3 scales and shifts the statistics: √(v' + ε) = 2 √(v + ε), μ' = 2μ + 3", () => {
    const {mean, variance} = matchedNorm({mean: 2.1, variance: 2}, EPSILON, momentsOf(channelOf(2, 3, 0), 2.1));
    expect(mean).to.be.closeTo(2 * 2.1 + 3, 1e-10);
    expect(variance + EPSILON).to.be.closeTo(4 * (2 + EPSILON), 1e-10);
  });

  for (const [what, channel] of [
    ['constant', {own: [1, 2, 3], shadow: [4, 4, 4]}],
    ['unrelated', {own: [1, 2, 1, 2], shadow: [1, 1, 5, 5]}],
    ['turned over', {own: [1, 2, 3], shadow: [3, 2, 1]}],
    ['a hundred times smaller', {own: [1, 2, 3], shadow: [0.01, 0.02, 0.03]}],
  ] as const) {
    it(`of a channel that is ${what} moves the mean alone: outputs agree on average`, () => {
      const moving = {mean: 1.5, variance: 0.7};
      const {mean, variance} = matchedNorm(moving, EPSILON, momentsOf(channel, moving.mean));
      const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(variance).to.be.closeTo(0.7, 1e-12);
      expect(average(channel.shadow) - mean).to.be.closeTo(average(channel.own) - 1.5, 1e-12);
    });
  }

  it("never gives v' < 0, whatever ε: a nearly dead moving variance bounds the slope", () => {
    for (const epsilon of [0, 1e-12, 1e-3, 1]) {
      for (const variance of [0, 1e-20, 1e-6, 1e-3, 1]) {
        for (const slope of [0.26, 0.5, 1, 2, 3.9]) {
          const matched = matchedNorm({mean: 0, variance}, epsilon, momentsOf(channelOf(1 / slope, 1, 0), 0));
          expect(matched.variance, `ε ${epsilon}, v ${variance}, slope ${slope}`).to.be.at.least(-1e-18);
          expect(Number.isFinite(matched.mean)).to.equal(true);
        }
      }
    }
  });
});
