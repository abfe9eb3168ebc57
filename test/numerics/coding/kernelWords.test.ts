import {expect} from 'chai';
import {codesWithPositions, kernelWords} from 'tfjs-compress/numerics';
import {uniforms} from '../../support/numerics/randomMatrices.ts';

describe('kernelWords', () => {
  it('puts the codes of a neuron below each other in words, and neurons beside each other', () => {
    // 4 bits: features 0 to 7 of two neurons in a word each, feature 8 begins the next.
    const codes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 9];
    const {words, perRun, wordsPerRun, runs} = kernelWords(codes, 4, {rows: 9, groupRows: 9, neurons: 2});
    expect([perRun, wordsPerRun, runs]).to.deep.equal([8, 1, 2]);
    expect(Array.from(words, (word) => (word >>> 0).toString(16))).to.deep.equal(['fdb97531', 'eca8642', '1', '9']);
  });

  it('begins every group with a new word', () => {
    const {words, runs} = kernelWords([1, 2, 3, 1, 2], 2, {rows: 5, groupRows: 3, neurons: 1});
    expect(runs).to.equal(1);
    expect([...words]).to.deep.equal([0b11_10_01, 0b10_01]);
  });

  for (const bits of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]) {
    it(`of ${bits} bits fills ${32 % bits === 0 ? 'a word' : 'whole words'}, and every code is in its place`, () => {
      const next = uniforms(bits);
      const [problems, rows, groupRows, neurons] = [2, 37, 20, 3];
      const codes = Array.from({length: problems * rows * neurons}, () => Math.floor(next() * 2 ** bits));
      const {words, perRun, wordsPerRun, runs} = kernelWords(codes, bits, {rows, groupRows, neurons});
      expect(perRun * bits).to.equal(32 * wordsPerRun);
      expect(words).to.have.length(problems * 2 * runs * wordsPerRun * neurons);
      const found = codes.map((_, i) => {
        const [n, row] = [i % neurons, Math.floor(i / neurons)];
        const [p, t] = [Math.floor(row / rows), row % rows];
        const k = t % groupRows;
        const run = (p * 2 + Math.floor(t / groupRows)) * runs + Math.floor(k / perRun);
        let stream = 0n; // the words of a run as one number
        for (let w = wordsPerRun - 1; w >= 0; w--)
          stream = (stream << 32n) | BigInt(words[(run * wordsPerRun + w) * neurons + n] >>> 0);
        return Number((stream >> BigInt((k % perRun) * bits)) & BigInt(2 ** bits - 1));
      });
      expect(found).to.deep.equal(codes);
    });
  }

  it('refuses codes of more than 12 bits', () => {
    expect(() => kernelWords([0], 13, {rows: 1, groupRows: 1, neurons: 1})).to.throw(
      RangeError,
      'expected 1 to 12 bits, got 13',
    );
  });
});

describe('codesWithPositions', () => {
  it('keeps the kept codes of every four features, each with its place above its bits', () => {
    const mask = Uint8Array.of(1, 0, 0, 1, 1, 0, 0, 1); // [4, 2]: neuron 0 keeps 0 and 2, neuron 1 keeps 1 and 3
    const codes = [3, 0, 0, 2, 1, 0, 0, 3];
    expect([...codesWithPositions(codes, mask, 2, {n: 2, m: 4}, 2)]).to.deep.equal([
      3 | (0 << 2),
      2 | (1 << 2),
      1 | (2 << 2),
      3 | (3 << 2),
    ]);
  });
});
