import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
import {onBackends} from '../support/backends/onBackends.ts';
import {testCompressedNetwork} from '../support/kernels/crossBackendTests.ts';

describe('a network compressed in Chromium', () => {
  onBackends(['webgpu'], () => {
    before(() => requireWebGPU());
    testCompressedNetwork('webgpu');
  });
});
