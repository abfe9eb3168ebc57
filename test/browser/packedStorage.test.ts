import 'tfjs-compress/plugins/webgpu';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, loadPacked, pack, saveModel, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';

// The second line of a page that keeps a small model: save it, come back, load it.
onBackends(['cpu', 'webgpu'], () => {
  describe('a packed model in the storage of a browser', () => {
    for (const address of ['indexeddb://packed', 'localstorage://packed']) {
      it(`is the same after ${address}: every array and every prediction`, async () => {
        const x = tf.randomUniform([32, 40], -1, 1, 'float32', 2);
        const model = tf.sequential({
          layers: [
            tf.layers.dense({
              name: 'hidden',
              units: 16,
              activation: 'relu',
              inputShape: [40],
              kernelInitializer: tf.initializers.randomNormal({seed: 1}),
            }),
            tf.layers.dense({name: 'scores', units: 4, kernelInitializer: tf.initializers.randomNormal({seed: 2})}),
          ],
        });
        const {model: packed} = await lastValueFrom(
          compress(model).pipe(
            calibrate(x),
            spfqPrune({sparsity: 0.5, include: /hidden/}),
            spfqQuantize({bits: 2, samples: 1, sweeps: 1}),
            pack(),
          ),
        );
        packed.setUserDefinedMetadata({...packed.getUserDefinedMetadata(), author: 'me'});
        await saveModel(packed, address);
        const loaded = await loadPacked(address);
        const byTfjs = await tf.loadLayersModel(address);

        for (const copy of [loaded, byTfjs]) {
          expect(await arraysOf(copy)).to.deep.equal(await arraysOf(packed));
          expect(await predictionsOf(copy, x)).to.deep.equal(await predictionsOf(packed, x));
          expect(copy.getUserDefinedMetadata()).to.deep.equal(packed.getUserDefinedMetadata());
        }
        await tf.io.removeModel(address);
        [loaded, byTfjs, packed, model].forEach((owner) => {
          owner.dispose();
        });
        x.dispose();
      });
    }
  });
});

/**
 * The numbers of every weight by the name under which it is saved; int32 and float32 that is finite show every bit
 * but the sign of 0.
 */
async function arraysOf(model: tf.LayersModel): Promise<Array<readonly [string, string, number[]]>> {
  return Promise.all(
    model.weights.map(
      async (weight) => [weight.originalName, weight.dtype, Array.from(await weight.read().data())] as const,
    ),
  );
}

async function predictionsOf(model: tf.LayersModel, x: tf.Tensor): Promise<number[]> {
  const outputs = model.predict(x) as tf.Tensor;
  const values = Array.from(await outputs.data());
  outputs.dispose();
  return values;
}
