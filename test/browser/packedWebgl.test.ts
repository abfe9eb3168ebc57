import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, pack, registerPacked, rtnQuantize} from 'tfjs-compress';
import {collectArtifacts} from '../../src/artifacts/collectArtifacts.ts';

// WebGL keeps int32 in floats, which are exact only below 2^24: codes must never get there.
describe('a packed model on webgl', () => {
  it('is decoded from words that never reach the device, predicts as on cpu, and saves the same words', async () => {
    registerPacked();
    await tf.setBackend('cpu');
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({filters: 40, kernelSize: 3, inputShape: [8, 8, 5], activation: 'relu'}),
        tf.layers.flatten(),
        tf.layers.dense({units: 7}),
      ],
    });
    const x = tf.randomNormal([16, 8, 8, 5], 0, 1, 'float32', 1);
    const small = await lastValueFrom(compress(model).pipe(calibrate(x), rtnQuantize({bits: 4}), pack()));
    const saved = await collectArtifacts(small.model);
    const expected = await predicted(small.model, x);
    const before = tf.memory().numTensors;

    expect(await tf.setBackend('webgl')).to.equal(true);
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved));
    const found = await predicted(loaded, x);
    const largest = Math.max(...expected.map(Math.abs));
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]))) / largest).to.be.below(1e-5);
    expect(await predicted(loaded, x)).to.deep.equal(found);
    expect(bytesOf(await collectArtifacts(loaded))).to.deep.equal(bytesOf(saved));
    loaded.dispose();
    expect(tf.memory().numTensors).to.equal(before);

    await tf.setBackend('cpu');
    small.dispose();
    model.dispose();
    x.dispose();
  });
});

function bytesOf({weightData}: tf.io.ModelArtifacts): number[] {
  return [...new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData))];
}

async function predicted(model: tf.LayersModel, x: tf.Tensor): Promise<number[]> {
  const output = model.predict(x) as tf.Tensor;
  const values = Array.from(await output.data());
  output.dispose();
  return values;
}
