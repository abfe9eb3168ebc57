import 'tfjs-compress/plugins/webgpu';
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {backend, engine, type Tensor4D} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {productProgram} from '../../../plugins/webgpu/packed/productProgram.ts';
import {type ProductCall, runProduct} from '../../../plugins/webgpu/packed/productRun.ts';
import {productTile} from '../../../plugins/webgpu/packed/productTile.ts';
import {registerMissing} from '../../../src/ops/kernel.ts';
import type {packedConv2d} from '../../../src/ops/packed/packedOps.ts';
import {packedReference} from '../../../src/ops/packed/packedReference.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {KERNEL_TOLERANCE, testPackedKernels} from '../../support/kernels/packedKernelTests.ts';
import {errorOfConvolution} from '../../support/kernels/packedProblems.ts';

describe('packed kernels', () => {
  registerMissing(packedReference);
  onBackends(['cpu'], testPackedKernels);
  onBackends(['webgpu'], () => {
    testPackedKernels();

    for (const rows of [1, 2, 4, 8]) {
      it(`tiles of ${rows} rows whose features are shared by 8 slices give the product`, async () => {
        for (const more of [{}, {groupSize: 40, offsets: true}, {zeros: {n: 2, m: 4}}]) {
          const given = {
            ...more,
            kind: 'full',
            levels: 16,
            batch: 2 * rows - 1,
            neurons: 70,
            height: 1,
            width: 1,
            channels: 360,
            kernel: [1, 1],
            bias: true,
          } as const;
          expect(await errorOfConvolution(given, productWith({tile: {rows, neurons: 1, slices: 8}}))).to.be.at.most(
            KERNEL_TOLERANCE,
          );
        }
      });
    }

    // 15 images of 8 channels take 43 kB with their padding; the windows of 7 channels, written out, 215 kB
    for (const channels of [8, 7]) {
      it(`products in several buffers, none above 8 kB, give the convolution: ${channels} channels`, async () => {
        const given = {
          kind: 'full',
          levels: 16,
          batch: 15,
          neurons: 5,
          height: 7,
          width: 8,
          channels,
          kernel: [3, 3],
        } as const;
        expect(await errorOfConvolution(given, productWith({maxBytes: 8192}))).to.be.at.most(KERNEL_TOLERANCE);
      });
    }
  });

  it('productTile shares no sums on SwiftShader, and on a GPU only where invocations are few', () => {
    const letters = {zeros: 'none', letterBits: 4, bits: 4, perRun: 8, wordsPerRun: 1} as const;
    expect(productTile(deviceOf('swiftshader'), 1, 1024, letters)).to.deep.equal({rows: 1, neurons: 4, slices: 1});
    expect(productTile(deviceOf('swiftshader'), 32, 1024, letters)).to.deep.equal({rows: 4, neurons: 8, slices: 1});
    expect(productTile(deviceOf('hopper'), 1, 1024, letters)).to.deep.equal({rows: 1, neurons: 1, slices: 8});
    expect(productTile(deviceOf('hopper'), 4096, 1024, letters)).to.deep.equal({rows: 8, neurons: 1, slices: 1});
  });

  it('a product of 4 bits shifts four codes of a word at once, and its key names what its text depends on', () => {
    const form = {
      offsets: false,
      bias: true,
      activation: 'relu',
      source: 'rows',
      runs: 'full',
      tile: {rows: 1, neurons: 4, slices: 1},
    } as const;
    const letters = (bits: number, perRun: number, wordsPerRun: number) =>
      ({zeros: 'none', letterBits: bits, bits, perRun, wordsPerRun}) as const;
    expect(productProgram({...form, letters: letters(3, 32, 3)}).shaderKey).to.equal(
      'packedProduct_3_3_none_x_codes_steps_bias_relu_rows_full_1_4_1',
    );
    const {code} = productProgram({...form, letters: letters(4, 8, 1)});
    expect(code)
      .to.include('(vec4<u32>(word0_3) >> vec4<u32>(16u, 20u, 24u, 28u)) & vec4<u32>(15u)')
      .and.not.include('undefined');
  });
});

/** `packedConv2d` that does not run as the device would choose by itself. */
function productWith(run: Pick<ProductCall, 'tile' | 'maxBytes'>): typeof packedConv2d {
  return (x, {codes, steps, offsets, layout}, windows, {bias, activation}) => {
    const webgpu = backend() as WebGPUBackend;
    const [batch, height, width, channels] = x.shape;
    const output = webgpu.makeTensorInfo([batch, windows.outHeight, windows.outWidth, layout.neurons], 'float32');
    const inputs = {x, codes, steps, ...(offsets && {offsets}), ...(bias && {bias})};
    runProduct(
      {backend: webgpu, inputs, attrs: {layout, activation}, output, ...run},
      {...windows, x, batch, height, width, channels},
    );
    return engine().makeTensorFromTensorInfo(output) as Tensor4D;
  };
}

/** What is asked of a device to choose a tile. */
function deviceOf(architecture: string): WebGPUBackend {
  return {adapterInfo: {architecture}} as unknown as WebGPUBackend;
}
