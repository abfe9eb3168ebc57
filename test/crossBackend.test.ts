import 'tfjs-compress/plugins/webgpu';
import {testCompressedNetwork} from './support/kernels/crossBackendTests.ts';
import {onBackends} from './support/backends/onBackends.ts';

describe('a network compressed on every backend', () => {
  onBackends(['cpu', 'wasm'], () => testCompressedNetwork('reference'));
  onBackends(['webgpu'], () => testCompressedNetwork('webgpu'));
});
