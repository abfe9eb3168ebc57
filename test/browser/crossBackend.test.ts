import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
import {testCompressedNetwork} from '../support/kernels/crossBackendTests.ts';
import {onBackends} from '../support/backends/onBackends.ts';

describe('a network compressed in Chromium', () => {
  onBackends(['webgpu'], () => {
    before(() => requireWebGPU());
    testCompressedNetwork('webgpu');
  });
});
