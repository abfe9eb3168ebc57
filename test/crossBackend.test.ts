import 'tfjs-compress/plugins/webgpu';
import {testQuantizedNetwork} from './support/crossBackendTests.ts';
import {onBackends} from './support/onBackends.ts';

describe('a network quantized on every backend', () => {
  onBackends(['cpu', 'wasm'], () => testQuantizedNetwork('reference'));
  onBackends(['webgpu'], () => testQuantizedNetwork('webgpu'));
});
