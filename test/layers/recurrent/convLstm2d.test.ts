import {dispose, memory, type Tensor, tidy, transpose} from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {kernelsOf} from '../../../src/layers/registry.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {type ConvLstm64, runConv64} from '../../support/layers/convCell64.ts';
import {describeCompressed} from '../../support/layers/describeCompressed.ts';
import {kernelSums} from '../../support/layers/kernelSums.ts';
import {numbersOf} from '../../support/layers/layerCase.ts';
import {expectMatricesToRoundTrip} from '../../support/layers/layerColumns.ts';
import {gaussianTensor} from '../../support/models/smallNetworks.ts';
import {largestDifference} from '../../support/numerics/randomMatrices.ts';

const [batch, time, channels, filters] = [2, 3, 2, 2];
/** tfjs's own initializer takes a chained op that is not loaded here. */
const QUICK = {recurrentInitializer: 'glorotNormal'} as const;
const formats = ['channelsLast', 'channelsFirst'] as const;

onBackends(['cpu', 'wasm'], (backend) => {
  describe('columns · matrices + bias are the sums before activations', () => {
    for (const padding of ['valid', 'same'] as const) {
      for (const pace of [{}, {strides: 2}, {dilation: 2}]) {
        // Only the cpu backend runs convolutions whose channels come first.
        for (const dataFormat of backend === 'cpu' ? formats : formats.slice(0, 1)) {
          it(`of ConvLSTM2D, padding ${padding}, ${JSON.stringify(pace)}, ${dataFormat}`, async () => {
            for (const useBias of [true, false]) {
              for (const goBackwards of [false, true])
                await check({padding, ...pace, goBackwards}, {useBias, dataFormat, kernelSize: [3, 2]});
            }
          });
        }
      }
    }
  });

  describeCompressed({
    name: 'ConvLSTM2D',
    shape: [3, 5, 5, 2],
    layer: (args) => layers.convLstm2d({...args, ...QUICK, filters: 2, kernelSize: 2}),
    columns: (input, weights) => {
      const {inputs, hidden} = runConv64({}, input, weights);
      return [[inputs], [hidden]];
    },
  });
});

interface Options {
  readonly useBias: boolean;
  readonly dataFormat: (typeof formats)[number];
  readonly kernelSize: [number, number];
}

async function check(plain: ConvLstm64, {useBias, dataFormat, kernelSize}: Options): Promise<void> {
  const before = memory().numTensors;
  const {strides = 1, dilation = 1, padding = 'valid', goBackwards = false} = plain;
  const layer = layers.convLstm2d({
    ...QUICK,
    filters,
    kernelSize,
    strides,
    dilationRate: dilation,
    padding,
    goBackwards,
    useBias,
    dataFormat,
    returnSequences: true,
  });
  const lastInput = gaussianTensor([batch, time, 6, 5, channels], 1);
  const input = dataFormat === 'channelsFirst' ? transpose(lastInput, [0, 1, 4, 2, 3]) : lastInput;
  layer.build(input.shape);
  layer.built = true; // tfjs forgets it
  const weights = layer.getWeights().map(({shape}, i) => gaussianTensor(shape, 10 + i));
  layer.setWeights(weights);
  const run = runConv64(plain, await numbersOf(lastInput), await Promise.all(weights.map(numbersOf)));

  const output = tidy(() => {
    const own = layer.apply(input) as Tensor;
    return dataFormat === 'channelsFirst' ? transpose(own, [0, 1, 3, 4, 2]) : own;
  });
  expect(largestDifference(await output.data(), run.outputs)).to.be.below(1e-5);

  const [kernel, recurrent] = kernelsOf(layer).map((named) => named.kernel);
  expect(largestDifference((await kernelSums(kernel, layer, [input])).data, run.inputSums.data)).to.be.below(1e-5);
  expect(largestDifference((await kernelSums(recurrent, layer, [input])).data, run.hiddenSums.data)).to.be.below(1e-5);
  await expectMatricesToRoundTrip(layer);
  dispose([output, input, lastInput, ...weights, ...layer.getWeights()]);
  expect(memory().numTensors).to.equal(before);
}
