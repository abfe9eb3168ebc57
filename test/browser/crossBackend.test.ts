import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
import {testQuantizedNetwork} from '../support/crossBackendTests.ts';
import {onBackends} from '../support/onBackends.ts';

describe('a network quantized in Chromium', () => {
  onBackends(['webgpu'], () => {
    before(() => requireWebGPU());
    testQuantizedNetwork('webgpu');
  });
});
