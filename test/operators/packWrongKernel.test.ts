import 'tfjs-compress/plugins/webgpu';
import {expect} from 'chai';
import {calibrate, compress, pack, selfCheck, SelfCheckError, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {FAST, packed, quantized, relativeDifference, withSpoiltKernel} from '../support/models/packedModels.ts';
import {denseNetwork, errorOf, gaussianTensor, leavingAlone, predictionsOf} from '../support/models/smallNetworks.ts';

onBackends(['cpu', 'webgpu'], (backend) => {
  describe('pack() on a device whose kernel is wrong', () => {
    it('ends with an error, or decodes and says so', async () => {
      const network = denseNetwork();
      const x = gaussianTensor([40, 6], 1);
      const compression = await quantized(network, x, {bits: 4});
      const expected = await predictionsOf(compression.model, x);
      await withSpoiltKernel(
        'PackedMatMul',
        backend,
        () => 0.5,
        async () => {
          const error = await leavingAlone(network, () =>
            errorOf(compress(network).pipe(calibrate(x), spfqQuantize({bits: 4, ...FAST}), pack({selfCheck: true}))),
          );
          expect(error).to.be.instanceOf(SelfCheckError);
          const small = await packed(compression, {selfCheck: 'decode'});
          expect(small.report.packing?.layers.map(({route}) => route)).to.deep.equal(['decoded', 'decoded']);
          expect(small.report.toString()).to.match(/^self-check: hidden: FAILED, .*; decoded to float32 instead$/m);
          expect(relativeDifference(expected, await predictionsOf(small.model, x))).to.be.lessThan(1e-6);
          expect((await selfCheck(small.model)).layers.every(({inputs}) => inputs === 'none')).to.equal(true);
          small.dispose();
        },
      );
      [network, x, compression].forEach((made) => {
        made.dispose();
      });
    });
  });
});
