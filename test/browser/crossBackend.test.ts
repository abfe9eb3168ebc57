import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
import {testCompressedNetwork} from '../support/crossBackendTests.ts';
import {onBackends} from '../support/onBackends.ts';

describe('a network compressed in Chromium', () => {
  onBackends(['webgpu'], () => {
    before(() => requireWebGPU());
    testCompressedNetwork('webgpu');
  });
});
