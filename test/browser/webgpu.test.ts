import * as tf from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {onBackends} from '../support/backends/onBackends.ts';
import {productOf64} from '../support/kernels/productOf64.ts';

describe('Chromium', () => {
  onBackends(['webgpu'], () => {
    it('runs tfjs on its own WebGPU', () => {
      expect(navigator.userAgent).to.match(/Chrome/);
      expect(tf.getBackend()).to.equal('webgpu');
    });

    it('multiplies 64×64 matrices on webgpu as on the cpu', async () => {
      const onWebGPU = await productOf64();
      await tf.setBackend('cpu');
      const onCpu = await productOf64();
      await tf.setBackend('webgpu');
      expect(onWebGPU).to.deep.equal(onCpu);
    });
  });

  onBackends(['wasm'], () => {
    it('runs tfjs on wasm', async () => {
      const sum = tf.tidy(() => tf.sum(tf.ones([32, 32])));
      expect([...(await sum.data())]).to.deep.equal([1024]);
      sum.dispose();
    });
  });
});
