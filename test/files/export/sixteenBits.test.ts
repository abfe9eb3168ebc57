import {dispose, io} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {fromFloat16, toFloat16} from '../../../src/files/export/float16.ts';
import {toSixteenBits} from '../../../src/files/export/sixteenBits.ts';
import type {StoredForm} from '../../../src/files/export/storedForm.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {gaussians} from '../../support/numerics/randomMatrices.ts';

const FINITE = 0x7c00;

onBackends(['cpu'], () => {
  describe('weights in 16 bits', () => {
    it('fromFloat16(bits) is what tfjs decodes, for all finite numbers', async () => {
      const halves = Uint16Array.from({length: 65536}, (_, bits) => bits).filter((bits) => (bits & 0x7fff) < FINITE);
      const decoded = await decodedByTfjs({
        dtype: 'float16',
        bytes: new Uint8Array(halves.buffer),
        values: new Float32Array(halves.length),
      });
      expect(Array.from(halves, (bits) => (Object.is(fromFloat16(bits), -0) ? 0 : fromFloat16(bits)))).to.deep.equal(
        decoded.map((value) => (value === 0 ? 0 : value)),
      );
    });

    it('toFloat16(value) is the nearest of all, for 2000 numbers of every size', () => {
      const next = gaussians(3);
      const all = Float64Array.from({length: FINITE}, (_, bits) => fromFloat16(bits));
      for (let i = 0; i < 2000; i++) {
        const value = next() * 2 ** ((i % 40) - 26);
        const nearest = all.reduce((min, one) => Math.min(min, Math.abs(one - Math.abs(value))), Infinity);
        expect(Math.abs(fromFloat16(toFloat16(value)) - value), String(value)).to.equal(nearest);
      }
    });

    for (const [value, bits] of [
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65520, 0x7c00],
      [1e9, 0x7c00],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
    ]) {
      it(`toFloat16(${value}) is 0x${bits.toString(16)}, as IEEE 754 says`, () => {
        expect(toFloat16(value)).to.equal(bits);
      });
    }

    it('numbers of one size become uint16 codes, among them an exact 0', async () => {
      const next = gaussians(1);
      const weights = Float32Array.from({length: 300}, (_, i) => (i % 3 === 0 ? 0 : next()));
      const form = toSixteenBits(weights);
      expect(form.dtype).to.equal('uint16');
      expect(await decodedByTfjs(form)).to.deep.equal(Array.from(form.values));
      weights.forEach((weight, i) => {
        expect(Math.abs(form.values[i] - weight)).to.be.at.most(0.51 * (form.affine?.scale ?? 0));
        if (weight === 0) expect(form.values[i]).to.equal(0);
      });
    });

    it('powers of two become float16 numbers, exactly', async () => {
      const weights = Float32Array.from({length: 20}, (_, i) => (i % 2 === 0 ? 1 : -1) * 2 ** (i - 10));
      const form = toSixteenBits(weights);
      expect(form.dtype).to.equal('float16');
      expect(await decodedByTfjs(form)).to.deep.equal(Array.from(weights));
    });
  });
});

async function decodedByTfjs({dtype, affine, bytes, values}: StoredForm): Promise<number[]> {
  const decoded = io.decodeWeights(bytes.buffer, [
    {name: 'w', shape: [values.length], dtype: 'float32', quantization: {dtype, ...affine}},
  ]);
  const numbers = Array.from(await decoded['w'].data());
  dispose(decoded);
  return numbers;
}
