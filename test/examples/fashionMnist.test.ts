import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {loadFashionMnist} from '../../examples/fashion-mnist/data.ts';
import {readableBytes} from '../../examples/fashion-mnist/table.ts';
import {ratesFor} from '../../examples/fashion-mnist/trainConvnet.ts';
import {affineUint8, quantizeUint8} from '../../examples/fashion-mnist/uint8.ts';

describe('examples/fashion-mnist', () => {
  before(() => tf.setBackend('cpu'));

  it('the embedded subset has 1,000 training and 200 test images of each class', async () => {
    const {train, test} = await loadFashionMnist();
    expect(train.x.shape).to.deep.equal([10_000, 28, 28, 1]);
    expect(test.x.shape).to.deep.equal([2000, 28, 28, 1]);
    expect([...(await tf.sum(train.y, 0).data())]).to.deep.equal(Array(10).fill(1000));
    expect([...(await tf.sum(test.y, 0).data())]).to.deep.equal(Array(10).fill(200));
    tf.dispose([train.x, train.y, test.x, test.y]);
  });

  it('pixels are in [0, 1] and reach both ends', async () => {
    const {train, test} = await loadFashionMnist();
    expect((await tf.min(test.x).data())[0]).to.equal(0);
    expect((await tf.max(test.x).data())[0]).to.equal(1);
    tf.dispose([train.x, train.y, test.x, test.y]);
  });

  // Expected numbers: quantize_weights of tensorflowjs/quantization.py, run with numpy.
  it('affineUint8 moves the minimum so that zero has a code', () => {
    const {codes, scale, min} = affineUint8(Float32Array.of(-0.7, -0.1, 0, 0.25, 0.5));
    expect([...codes]).to.deep.equal([0, 128, 149, 202, 255]);
    expect(min / scale).to.equal(-149);
  });

  it('affineUint8 keeps a range without zero as it is', () => {
    expect(affineUint8(Float32Array.of(2, 2.5, 4))).to.deep.equal({
      codes: Uint8Array.of(0, 64, 255),
      scale: 2 / 255,
      min: 2,
    });
  });

  it('affineUint8 of equal weights is all zeros above their value', () => {
    expect(affineUint8(Float32Array.of(3, 3))).to.deep.equal({codes: Uint8Array.of(0, 0), scale: 1, min: 3});
  });

  it('quantizeUint8 returns a model within half a step of each weight, and leaves the original alone', async () => {
    const model = tf.sequential({layers: [tf.layers.dense({inputShape: [20], units: 10})]});
    const original = await model.getWeights()[0].data();
    const {codes, scale, min} = affineUint8(original);
    const {model: small, bytes} = await quantizeUint8(model);
    expect(bytes).to.equal(210);
    expect([...(await small.getWeights()[0].data())]).to.deep.equal([
      ...Float32Array.from(codes, (code) => code * scale + min),
    ]);
    expect([...(await model.getWeights()[0].data())]).to.deep.equal([...original]);
    model.dispose();
    small.dispose();
  });

  it('ratesFor(11) is the whole schedule, and fewer epochs keep its ends apart', () => {
    expect(ratesFor(11)).to.deep.equal([1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2e-4, 2e-4, 1e-4, 5e-5]);
    expect(ratesFor(2)).to.deep.equal([1e-3, 2e-4]);
  });

  it('readableBytes has three digits', () => {
    expect([0, 999, 1968000, 493902].map(readableBytes)).to.deep.equal(['0 B', '999 B', '1.97 MB', '494 kB']);
  });
});
