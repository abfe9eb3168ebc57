import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type Observable} from 'rxjs';
import {calibrate, compress, type Compression, ModelError, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {faintBranch} from '../../support/models/faintBranch.ts';
import {errorOf, gaussianTensor} from '../../support/models/smallNetworks.ts';

/**
 * Bytes of 48 codes in words of 32 bits, of which one holds 16 codes of 4 letters, 11 of 7, 8 of 15, 6 of 31, 5 of 63
 * and 4 of 255. Each of the two layers has 8 steps of 4 bytes, too. Two or three letters take more than four: by
 * default they have 8 offsets of 4 bytes besides.
 */
const CODES = new Map([
  [4, 12],
  [7, 20],
  [15, 24],
  [31, 32],
  [63, 40],
  [255, 48],
]);
const STEPS = 2 * 8 * 4;
/** Of the layer that is not quantized: 8 · 8 float32. */
const OTHERS = 256;
const LEAST = OTHERS + STEPS + 2 * 12;

onBackends(['wasm'], () => {
  describe('a budget for two layers with the same 48 weights, one 100 times fainter in the outputs', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = faintBranch();
      x = gaussianTensor([128, 6], 3);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    const quantized = (budget: {bytes: number} | {bitsPerWeight: number}): Observable<Compression> =>
      compress(network).pipe(calibrate(x), spfqQuantize({bits: 'auto', budget, exclude: 'factor'}));

    async function reportOf(budget: {bytes: number} | {bitsPerWeight: number}): Promise<Compression['report']> {
      const {report, dispose} = await lastValueFrom(quantized(budget));
      dispose();
      return report;
    }

    it('of exactly the least bytes gives both layers 4 letters, which take the fewest', async () => {
      const {layers, size} = await reportOf({bytes: LEAST});
      expect(layers.map(({levels}) => levels)).to.deep.equal([4, 4]);
      expect(size.bytesAfter).to.equal(LEAST);
    });

    it('of one byte less is refused, with the least', async () => {
      const error = await errorOf(quantized({bytes: LEAST - 1}));
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.include(`expected a budget of at least ${LEAST} bytes`);
    });

    // What `loud` can do with the bytes matters more than anything that `faint` could do with them.
    for (const [bytes, levels] of [
      [LEAST + 8, [7, 4]],
      [LEAST + 19, [15, 4]],
      [LEAST + 20, [31, 4]],
      [LEAST + 72, [255, 255]],
    ] as const) {
      it(`of ${bytes - LEAST} bytes more gives ${levels.join(' and ')} letters`, async () => {
        const {layers, size} = await reportOf({bytes});
        expect(Object.fromEntries(layers.map(({name, levels: found}) => [name, found]))).to.deep.equal({
          loud: levels[0],
          faint: levels[1],
        });
        const codes = levels.reduce((sum, letters) => sum + (CODES.get(letters) ?? NaN), 0);
        expect(size.bytesAfter).to.equal(OTHERS + STEPS + codes);
      });
    }

    it('in bits counts the two layers alone: 24 + 12 + 64 bytes are 8⅓ bits for each of 96 weights', async () => {
      const {layers, size} = await reportOf({bitsPerWeight: 8.34});
      expect(layers.map(({levels}) => levels)).to.have.members([15, 4]);
      expect(size.bitsPerWeight).to.be.closeTo(25 / 3, 1e-12);
    });

    it('reports output sensitivities of which one is 10,000 times the other', async () => {
      const {layers} = await reportOf({bytes: LEAST});
      const [loud, faint] = ['loud', 'faint'].map((layer) => {
        const {choice} = layers.find(({name}) => name === layer) ?? {};
        return Number(/output sensitivity (\S+)$/.exec(choice ?? '')?.[1]);
      });
      // Each has two digits in the report.
      expect(loud / faint).to.be.within(0.9e4, 1.1e4);
    });
  });
});
