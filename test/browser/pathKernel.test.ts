import * as tf from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
import {onBackends} from '../support/backends/onBackends.ts';
import {testPathKernel} from '../support/kernels/pathKernelTests.ts';
import {testPhilox} from '../support/kernels/philoxTests.ts';

describe('plugins/webgpu in Chromium', () => {
  onBackends(['webgpu'], () => {
    testPhilox();
    testPathKernel([9, 129, 300], [5, 64]);

    it('requireWebGPU() leaves webgpu active', async () => {
      await requireWebGPU();
      expect(tf.getBackend()).to.equal('webgpu');
    });
  });
});
