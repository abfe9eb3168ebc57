import {expect} from 'chai';
import fc from 'fast-check';
import {philox4x32, type PhiloxWords, uniformAt} from 'tfjs-compress/numerics';
import {seedKey, uniformsOf} from '../../src/numerics/random.ts';

const all = 0xffffffff;

describe('philox4x32', () => {
  // kat_vectors of Random123, lines "philox4x32 10"
  for (const [counter, key, words] of [
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[all, all, all, all], [all, all], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ] as ReadonlyArray<[PhiloxWords, [number, number], string]>) {
    it(`of counter ${counter.map(hex).join(' ')} and key ${key.map(hex).join(' ')} is ${words}`, () => {
      expect(philox4x32(counter, key).map(hex).join(' ')).to.equal(words);
    });
  }

  it('multiplies words exactly as 64-bit integers do', () => {
    const word = fc.integer({min: 0, max: all});
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(philox4x32(counter, key)).to.deep.equal(philoxOfBigInts(counter, key));
      }),
      {seed: 1, numRuns: 500},
    );
  });
});

describe('uniformAt', () => {
  it('is word feature mod 4 of Philox at (⌊feature / 4⌋, neuron, layer, path), its upper 24 bits', () => {
    for (let feature = 0; feature < 9; feature++) {
      const words = philox4x32([Math.floor(feature / 4), 7, 3, 2], seedKey(11));
      expect(uniformAt(11, 3, feature, 7, 2)).to.equal(Math.floor(words[feature % 4] / 256) / 2 ** 24);
    }
  });

  it('is a float32 on [0, 1)', () => {
    for (let feature = 0; feature < 10000; feature++) {
      const uniform = uniformAt(1, 0, feature, 0);
      expect(Math.fround(uniform)).to.equal(uniform);
      expect(uniform).to.be.within(0, 1 - 2 ** -24);
    }
  });

  it('depends on both words of a seed', () => {
    expect(seedKey(2 ** 32 + 5)).to.deep.equal([5, 1]);
    expect(seedKey(Number.MAX_SAFE_INTEGER)).to.deep.equal([all, 0x1fffff]);
    expect(uniformAt(5, 0, 0, 0)).to.not.equal(uniformAt(2 ** 32 + 5, 0, 0, 0));
  });

  it('equals uniformsOf in any order', () => {
    const whole = fc.integer({min: 0, max: 50});
    fc.assert(
      fc.property(
        fc.nat(),
        whole,
        whole,
        whole,
        fc.array(fc.tuple(whole, fc.integer({min: 0, max: 4})), {minLength: 1}),
        (seed, layer, first, path, places) => {
          const uniform = uniformsOf(seed, layer, {first, count: 5}, path);
          for (const [feature, neuron] of places)
            expect(uniform(feature, neuron)).to.equal(uniformAt(seed, layer, feature, first + neuron, path));
        },
      ),
      {seed: 1},
    );
  });
});

const count = 40000;
const streams: Readonly<Record<string, (i: number) => number>> = {
  seed: (i) => uniformAt(i, 0, 0, 0),
  layer: (i) => uniformAt(1, i, 0, 0),
  feature: (i) => uniformAt(1, 0, i, 0),
  neuron: (i) => uniformAt(1, 0, 0, i),
  path: (i) => uniformAt(1, 0, 0, 0, i),
};

for (const [argument, stream] of Object.entries(streams)) {
  describe(`uniformAt along its ${argument}`, () => {
    const values = Array.from({length: count}, (_, i) => stream(i));

    it('has the moments of a uniform distribution, to 4 standard errors', () => {
      const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / count;
      for (const power of [1, 2, 3]) {
        const variance = 1 / (2 * power + 1) - 1 / (power + 1) ** 2;
        expect(moment(power)).to.be.closeTo(1 / (power + 1), 4 * Math.sqrt(variance / count));
      }
    });

    // The 0.999 quantile of χ² with 99 degrees of freedom is 148.2; the seeds are fixed.
    it('fills 100 cells evenly: χ² below 148.2', () =>
      expect(
        chiSquare(
          values.map((value) => Math.floor(100 * value)),
          100,
        ),
      ).to.be.below(148.2));

    it('fills 10 × 10 cells of neighbours evenly: χ² below 148.2', () => {
      const pairs = Array.from(
        {length: count / 2},
        (_, i) => 10 * Math.floor(10 * values[2 * i]) + Math.floor(10 * values[2 * i + 1]),
      );
      expect(chiSquare(pairs, 100)).to.be.below(148.2);
    });
  });
}

describe('uniformAt at neighbouring places', () => {
  // |r| √n is normal; 4 has probability 6e-5
  for (const [name, shifted] of Object.entries<(t: number, n: number) => number>({
    features: (t, n) => uniformAt(1, 2, t + 1, n),
    neurons: (t, n) => uniformAt(1, 2, t, n + 1),
    layers: (t, n) => uniformAt(1, 3, t, n),
    seeds: (t, n) => uniformAt(2, 2, t, n),
    paths: (t, n) => uniformAt(1, 2, t, n, 1),
    'transposed places': (t, n) => uniformAt(1, 2, n + 500, t),
  })) {
    it(`is uncorrelated: ${name}`, () => {
      let sum = 0;
      for (let t = 0; t < 200; t++)
        for (let n = 0; n < 200; n++) sum += (uniformAt(1, 2, t, n) - 0.5) * (shifted(t, n) - 0.5) * 12;
      expect(Math.abs(sum / count) * Math.sqrt(count)).to.be.below(4);
    });
  }
});

function chiSquare(cells: readonly number[], size: number): number {
  const counts = new Float64Array(size);
  for (const cell of cells) counts[cell]++;
  const expected = cells.length / size;
  return counts.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0);
}

function philoxOfBigInts(counter: PhiloxWords, key: readonly [number, number]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt);
  let [k0, k1] = key.map(BigInt);
  const mask = BigInt(all);
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0,
      p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    [k0, k1] = [(k0 + 0x9e3779b9n) & mask, (k1 + 0xbb67ae85n) & mask];
  }
  return [c0, c1, c2, c3].map(Number);
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
