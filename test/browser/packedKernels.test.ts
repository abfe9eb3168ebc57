import 'tfjs-compress/plugins/webgpu';
import {onBackends} from '../support/backends/onBackends.ts';
import {testPackedKernels} from '../support/kernels/packedKernelTests.ts';

describe('packed kernels in Chromium', () => {
  onBackends(['webgpu'], testPackedKernels);
});
