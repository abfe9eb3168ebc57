import '@tensorflow/tfjs-backend-cpu';
import {gzipSync} from 'node:zlib';
import {expect} from 'chai';
import {matrix} from 'tfjs-compress/numerics';
import {gzipLength, packedLayer, sizesOf} from '../../src/report/sizes.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseReport} from '../support/models/denseReport.ts';
import {denseNetwork} from '../support/models/smallNetworks.ts';

describe('packedLayer(layer, values)', () => {
  it('of 64 pruned weights is one word of the mask for each 32, and the three kept ones as float32', () => {
    const mask = new Uint8Array(64);
    const values = new Float64Array(64);
    for (const [at, value] of [
      [0, 0.5],
      [33, -2],
      [63, 7],
    ]) {
      mask[at] = 1;
      values[at] = value;
    }
    const layer = {kind: 'pruned', name: 'l', className: 'Dense', matrices: [{features: 8, neurons: 8, mask}]} as const;
    const bytes = packedLayer(layer, [matrix(8, 8, values)]);
    const kept = new Float32Array(bytes.buffer, 0, 3);
    expect(bytes).to.have.length(3 * 4 + 2 * 4);
    expect([...kept]).to.deep.equal([0.5, -2, 7]);
  });
});

describe('gzipLength(bytes)', () => {
  it('is the length that zlib has for the same bytes, up to its header', async () => {
    const bytes = Uint8Array.from({length: 1000}, (_, i) => i % 7);
    const zipped = gzipSync(bytes);
    expect(await gzipLength(bytes)).to.be.closeTo(zipped.length, 2);
  });
});

onBackends(['cpu'], () => {
  describe('sizesOf(model, layers)', () => {
    // 6 · 8 + 8 + 8 · 3 + 3 = 83 parameters
    it('counts packed bytes of layers, and 4 for every other parameter', () => {
      const network = denseNetwork();
      const scores = denseReport({name: 'scores', weights: 24, bytes: 24, gzipBytes: 30});
      expect(sizesOf(network, [denseReport(), scores])).to.deep.equal({
        compressedWeights: 72,
        parameters: 83,
        bitsPerWeight: (8 * (56 + 24)) / 72,
        bytesBefore: 332,
        bytesAfter: 56 + 24 + 4 * 11,
        gzipBytesAfter: 70 + 30 + 4 * 11,
      });
      network.dispose();
    });

    it('without compressed layers has 32 bits for each weight, and as many bytes as before', () => {
      const network = denseNetwork();
      const {bitsPerWeight, bytesBefore, bytesAfter, gzipBytesAfter} = sizesOf(network, []);
      expect([bitsPerWeight, bytesBefore, bytesAfter, gzipBytesAfter]).to.deep.equal([32, 332, 332, 332]);
      network.dispose();
    });
  });
});
