import {expect} from 'chai';
import {
  type AlphabetLayout,
  type Bits,
  codeOfZero,
  effectiveBits,
  letterOf,
  lettersOf,
  uniformAlphabet,
} from 'tfjs-compress/numerics';

const allBits = [1, 2, 3, 4, 5, 6, 7, 8] as const;

describe('uniformAlphabet', () => {
  for (const [bits, layout, letters] of [
    [1, undefined, [-0.5, 0.5]],
    [1, 'twosComplement', [-1, 0]],
    ['ternary', undefined, [-1, 0, 1]],
    [2, undefined, [-1.5, -0.5, 0.5, 1.5]],
    [2, 'symmetric', [-1, 0, 1]],
    [2, 'twosComplement', [-2, -1, 0, 1]],
    [3, undefined, [-3, -2, -1, 0, 1, 2, 3]],
    [3, 'midrise', [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]],
    [3, 'twosComplement', [-4, -3, -2, -1, 0, 1, 2, 3]],
  ] as ReadonlyArray<[Bits, AlphabetLayout | undefined, number[]]>) {
    it(`of ${bits} bits, ${layout ?? 'default layout'}, has the letters ${letters.join(', ')}`, () => {
      expect(lettersOf(uniformAlphabet({bits, ...(layout ? {layout} : {})})).map((letter) => letter + 0)).to.deep.equal(
        letters,
      );
    });
  }

  for (const bits of allBits) {
    it(`of ${bits} bits has at most ${2 ** bits} letters in every layout`, () => {
      for (const layout of ['midrise', 'twosComplement', ...(bits > 1 ? ['symmetric' as const] : [])] as const) {
        const alphabet = uniformAlphabet({bits, layout});
        expect(alphabet.levels).to.equal(layout === 'symmetric' ? 2 ** bits - 1 : 2 ** bits);
        expect(alphabet.highest - alphabet.lowest + 1).to.equal(alphabet.levels);
        expect(effectiveBits(alphabet)).to.equal(Math.log2(alphabet.levels));
      }
    });
  }

  for (const levels of Array.from({length: 255}, (_, i) => i + 2).filter((size) => size < 20 || size > 250)) {
    it(`of ${levels} levels is equally spaced and ${levels % 2 ? 'has 0' : 'leaves 0 out'}`, () => {
      const letters = lettersOf(uniformAlphabet({levels, step: 0.25}));
      expect(letters).to.have.length(levels);
      letters.slice(1).forEach((letter, i) => expect(letter - letters[i]).to.equal(0.25));
      expect(letters.includes(0)).to.equal(levels % 2 === 1);
      expect(letters[0]).to.equal(-letters[levels - 1]);
    });
  }

  it('of the authors\' "4 bits" has 17 letters, and log₂ 17 effective bits', () => {
    const alphabet = uniformAlphabet({levels: 17});
    expect([alphabet.lowest, alphabet.highest]).to.deep.equal([-8, 8]);
    expect(effectiveBits(alphabet)).to.be.closeTo(4.0875, 5e-5);
  });

  it('of step 0 has zeros only', () => {
    expect(lettersOf(uniformAlphabet({bits: 2, step: 0})).every((letter) => letter === 0)).to.equal(true);
  });

  it('letterOf(code) is step · (code + shift)', () => {
    expect(letterOf(-2, uniformAlphabet({bits: 2}), 0.5)).to.equal(-0.75);
    expect(letterOf(-2, uniformAlphabet({bits: 3}), 0.5)).to.equal(-1);
  });

  const oneOf = 'uniformAlphabet: expected either `bits` or `levels`';
  for (const [options, message] of [
    [{}, oneOf],
    [{bits: 2, levels: 4}, oneOf],
    [{bits: 0}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got 0"],
    [{bits: 9}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got 9"],
    [{bits: 2.5}, 'got 2.5'],
    [{bits: NaN}, 'got NaN'],
    [{levels: 1}, 'expected 2 to 256 letters, got 1'],
    [{levels: 257}, 'expected 2 to 256 letters, got 257'],
    [{levels: 3.5}, 'expected 2 to 256 letters, got 3.5'],
    [{bits: 1, layout: 'symmetric'}, 'expected 2 to 256 letters, got 1'],
    [{levels: 4, layout: 'symmetric'}, 'expected an odd number of letters for the symmetric layout, got 4'],
    [{levels: 5, layout: 'midrise'}, 'expected an even number of letters for the midrise layout, got 5'],
    [{levels: 5, layout: 'twosComplement'}, 'expected an even number of letters for the twosComplement layout, got 5'],
    [{bits: 'ternary', layout: 'midrise'}, 'expected an even number of letters for the midrise layout, got 3'],
    [{bits: 2, step: -1}, 'expected `step` to be a finite number from 0, got -1'],
    [{bits: 2, step: Infinity}, 'got Infinity'],
    [{bits: 2, step: NaN}, 'got NaN'],
  ] as ReadonlyArray<[Parameters<typeof uniformAlphabet>[0], string]>) {
    const given = JSON.stringify(options, (_, value: unknown) =>
      Number.isFinite(value) || typeof value !== 'number' ? value : String(value),
    );
    it(`refuses ${given}`, () => {
      expect(() => uniformAlphabet(options)).to.throw(RangeError, message);
    });
  }
});

describe('codeOfZero', () => {
  it('is the code of the letter nearest to 0, of two the positive one', () => {
    for (const layout of ['symmetric', 'midrise', 'twosComplement'] as const) {
      for (const bits of allBits.slice(1)) {
        const alphabet = uniformAlphabet({bits, layout});
        expect(letterOf(codeOfZero(alphabet), alphabet, 1)).to.equal(layout === 'midrise' ? 0.5 : 0);
      }
    }
    expect(codeOfZero(uniformAlphabet({bits: 1}))).to.equal(0);
    expect(codeOfZero(uniformAlphabet({bits: 1, layout: 'twosComplement'}))).to.equal(0);
  });
});
