import {expect} from 'chai';
import fc from 'fast-check';
import {packCodes, unpackCodes} from 'tfjs-compress/numerics';

describe('packCodes', () => {
  it('puts code k into bits k·b … k·b + b − 1, least significant first', () => {
    expect(binary(packCodes([1, 0, 1, 1], 1))).to.deep.equal(['00000000000000000000000000001101']);
    expect(binary(packCodes([1, 2, 3], 2))).to.deep.equal(['00000000000000000000000000111001']);
    expect(binary(packCodes([0xab, 0xcd, 0xef, 0x12, 0x34], 8))).to.deep.equal([
      '00010010111011111100110110101011',
      '00000000000000000000000000110100',
    ]);
  });

  it('lets 3-bit codes cross words: code 10 lies in bits 30, 31 and 32', () => {
    const codes = new Array<number>(11).fill(0);
    codes[10] = 0b101;
    expect(binary(packCodes(codes, 3))).to.deep.equal([
      '01000000000000000000000000000000',
      '00000000000000000000000000000001',
    ]);
  });

  it('takes ⌈length · b / 32⌉ words, none for no codes', () => {
    expect([0, 1, 32, 33].map((length) => packCodes(new Uint8Array(length), 1).length)).to.deep.equal([0, 1, 1, 2]);
    expect([10, 11, 21, 22].map((length) => packCodes(new Uint8Array(length), 3).length)).to.deep.equal([1, 2, 2, 3]);
  });

  for (const bits of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`of ${bits} bits is undone by unpackCodes`, () => {
      fc.assert(
        fc.property(fc.array(fc.integer({min: 0, max: 2 ** bits - 1}), {maxLength: 200}), (codes) => {
          expect(Array.from(unpackCodes(packCodes(codes, bits), bits, codes.length))).to.deep.equal(codes);
        }),
        {seed: bits},
      );
    });

    it(`of ${bits} bits refuses ${2 ** bits} and says where it stands`, () => {
      expect(() => packCodes([0, 1, 2 ** bits], bits)).to.throw(
        RangeError,
        `packCodes: expected codes from 0 to ${2 ** bits - 1}, got ${2 ** bits} at 2`,
      );
    });
  }

  for (const code of [-1, 0.5, NaN, Infinity]) {
    it(`refuses ${code}`, () => expect(() => packCodes([code], 4)).to.throw(RangeError, `got ${code} at 0`));
  }

  for (const bits of [0, 9, 1.5, NaN]) {
    it(`refuses ${bits} bits, and so does unpackCodes`, () => {
      const message = `expected \`bits\` to be an integer from 1 to 8, got ${bits}`;
      expect(() => packCodes([], bits)).to.throw(RangeError, `packCodes: ${message}`);
      expect(() => unpackCodes(new Uint32Array(0), bits, 0)).to.throw(RangeError, `unpackCodes: ${message}`);
    });
  }
});

describe('unpackCodes', () => {
  for (const words of [1, 3]) {
    it(`refuses ${words} words for the two that 22 codes of 2 bits take`, () => {
      expect(() => unpackCodes(new Uint32Array(words), 2, 22)).to.throw(
        RangeError,
        `unpackCodes: expected 2 words for 22 codes, got ${words}`,
      );
    });
  }
});

function binary(words: Uint32Array): string[] {
  return Array.from(words, (word) => word.toString(2).padStart(32, '0'));
}
