import 'tfjs-compress/plugins/webgpu';
import {onBackends} from './support/backends/onBackends.ts';
import {testCompressedNetwork} from './support/kernels/crossBackendTests.ts';

describe('a network compressed on every backend', () => {
  onBackends(['cpu', 'wasm'], () => testCompressedNetwork('reference'));
  onBackends(['webgpu'], () => testCompressedNetwork('webgpu'));
});
