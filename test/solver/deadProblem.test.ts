import '@tensorflow/tfjs-backend-cpu';
import {mul, tensor1d, tidy} from '@tensorflow/tfjs-core';
import {layers, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, spfqQuantize} from 'tfjs-compress';
import {meanSquareScale, uniformAlphabet} from 'tfjs-compress/numerics';
import {kernelsOf} from '../../src/layers/registry.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {gaussianTensor, randomize} from '../support/models/smallNetworks.ts';

onBackends(['cpu'], () => {
  it('a channel without inputs keeps the scale of least squares', async () => {
    const network = sequential({layers: [layers.depthwiseConv2d({kernelSize: 3, inputShape: [5, 5, 2]})]});
    randomize(network, 1);
    const images = tidy(() => mul(gaussianTensor([20, 5, 5, 2], 2), tensor1d([1, 0])));
    const [weight] = network.getWeights();
    const [{kernel}] = kernelsOf(network.layers[0]);
    const expected = meanSquareScale(
      kernel.toMatrices(await weight.data(), weight.shape)[1],
      uniformAlphabet({bits: 4}),
      'channel',
    );
    const {
      layers: [record],
      dispose,
    } = await lastValueFrom(compress(network).pipe(calibrate(images), spfqQuantize({bits: 4, bias: false})));
    expect(record.kind === 'quantized' && record.matrices[1].scales.steps).to.deep.equal(expected.steps);
    dispose();
    network.dispose();
    images.dispose();
  });
});
