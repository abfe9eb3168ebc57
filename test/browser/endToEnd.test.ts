import 'tfjs-compress/plugins/webgpu';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {fit, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';

// The line of the README, in a real browser: train, compress, save to IndexedDB, load, predict.
onBackends(['cpu', 'webgpu'], (backend) => {
  describe('fit → spfqQuantize → IndexedDB', function () {
    it('gives a model that is the same after loading, with four letters to a neuron', async () => {
      const x = tf.randomUniform([256, 48], 0, 1, 'float32', 1);
      const y = tf.tidy(() => tf.oneHot(tf.argMax(tf.slice(x, [0, 0], [256, 4]), 1), 4));
      const model = tf.sequential({
        layers: [
          tf.layers.dense({units: 32, activation: 'relu', inputShape: [48]}),
          tf.layers.dense({units: 4, activation: 'softmax'}),
        ],
      });
      model.compile({optimizer: 'adam', loss: 'categoricalCrossentropy'});
      const small = await lastValueFrom(fit(model, x, y, {epochs: 1, verbose: 0}).pipe(spfqQuantize({bits: 2})));
      await small.model.save('indexeddb://small');
      const loaded = await tf.loadLayersModel('indexeddb://small');

      expect(small.report.layers.map(({kernel}) => kernel)).to.deep.equal(
        backend === 'webgpu' ? ['webgpu', 'webgpu'] : ['reference', 'reference'],
      );
      expect(await valuesOf(loaded, x)).to.deep.equal(await valuesOf(small.model, x));
      const kernel = await loaded.getWeights()[0].data();
      for (let n = 0; n < 32; n++)
        expect(new Set(Array.from({length: 48}, (_, t) => kernel[t * 32 + n])).size).to.be.at.most(4);

      await tf.io.removeModel('indexeddb://small');
      [loaded, small, model].forEach((owner) => {
        owner.dispose();
      });
      model.optimizer.dispose();
      tf.dispose([x, y]);
    });
  });
});

async function valuesOf(model: tf.LayersModel, x: tf.Tensor): Promise<number[]> {
  const outputs = model.predict(x) as tf.Tensor;
  const values = Array.from(await outputs.data());
  outputs.dispose();
  return values;
}
