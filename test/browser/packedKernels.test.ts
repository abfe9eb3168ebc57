import 'tfjs-compress/plugins/webgpu';
import {onBackends} from '../support/onBackends.ts';
import {testPackedKernels} from '../support/packedKernelTests.ts';

describe('packed kernels in Chromium', () => {
  onBackends(['webgpu'], testPackedKernels);
});
