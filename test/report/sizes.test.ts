import {gzipSync} from 'node:zlib';
import {type Tensor} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression, spfqQuantize, type SpfqQuantizeOptions} from 'tfjs-compress';
import {packLevels} from 'tfjs-compress/numerics';
import {onBackends} from '../support/backends/onBackends.ts';
import {quantizedLayers} from '../support/layers/quantizedLayers.ts';
import {denseNetwork, gaussianTensor} from '../support/models/smallNetworks.ts';

onBackends(['wasm'], () => {
  describe('the report', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = denseNetwork();
      x = gaussianTensor([64, 6], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    async function quantized(options: SpfqQuantizeOptions, of = network, data = x): Promise<Compression> {
      const result = await lastValueFrom(compress(of).pipe(calibrate(data), spfqQuantize(options)));
      result.dispose();
      return result;
    }

    // Codes in a word of 32 bits: 3^20, 7^11 and 15^8 are below 2^32, one power more is not.
    for (const [bits, perWord, levels, effective] of [
      [1, 32, 2, 1],
      ['ternary', 20, 3, 1.584962500721156],
      [2, 16, 4, 2],
      [3, 11, 7, 2.807354922057604],
      [4, 8, 15, 3.9068905956085187],
      [8, 4, 255, 7.994353436858858],
    ] as const) {
      it(`at ${bits} bits: letters, effective bits, bytes and bits per weight as counted here`, async () => {
        const {
          layers: compressed,
          report: {layers: reports, size},
        } = await quantized({bits});
        let bytes = 0,
          gzipped = 0;
        for (const [
          i,
          {
            matrices: [{codes, scales}],
            alphabet,
          },
        ] of quantizedLayers(compressed).entries()) {
          const words = packLevels(
            codes.map((code) => code - alphabet.lowest),
            levels,
          );
          const packed = Buffer.concat([
            Buffer.from(words.buffer),
            Buffer.from(Float32Array.from([...scales.steps, ...(scales.offsets ?? [])]).buffer),
          ]);
          expect(words, 'words').to.have.length(Math.ceil(codes.length / perWord));
          expect([reports[i].levels, reports[i].bytes]).to.deep.equal([levels, packed.length]);
          expect(reports[i].effectiveBits).to.be.closeTo(effective, 1e-12);
          expect(reports[i].gzipBytes).to.be.closeTo(gzipSync(packed).length, 2);
          bytes += packed.length;
          gzipped += reports[i].gzipBytes;
        }
        // 6·8 + 8·3 = 72 weights in matrices, 8 + 3 = 11 biases that stay float32
        expect(size).to.deep.equal({
          compressedWeights: 72,
          parameters: 83,
          bitsPerWeight: (8 * bytes) / 72,
          bytesBefore: 4 * 83,
          bytesAfter: bytes + 44,
          gzipBytesAfter: gzipped + 44,
        });
      });
    }

    it("counts levels of the authors' alphabets as log₂(levels) bits", async () => {
      const {report} = await quantized({levels: 17});
      expect(report.layers[0].levels).to.equal(17);
      expect(report.layers[0].effectiveBits).to.be.closeTo(Math.log2(17), 1e-12);
    });
  });
});
