import 'tfjs-compress/plugins/webgpu';
import {memory, ones, type Tensor, tensor1d} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {partsOf} from '../../../src/numerics/coding/packing.ts';
import {packMatrices} from '../../../src/numerics/coding/packMatrices.ts';
import {Packed} from '../../../src/packed/packed.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {uniforms} from '../../support/numerics/randomMatrices.ts';

const [features, neurons] = [1024, 512];

describe('memory of packed layers on a device', () => {
  onBackends(['webgpu'], () => {
    for (const bits of [1, 2, 3, 4, 8]) {
      it(`weights of ${bits} bits take ${bits}/32 of the bytes of float32, after predicting too`, async () => {
        const inFloat = await bytesOnDevice(floatModel);
        expect(inFloat).to.equal(4 * features * neurons);
        const share = (await bytesOnDevice(() => packedModel(bits))) / inFloat;
        expect(share).to.be.closeTo(bits / 32, (0.05 * bits) / 32);
      });
    }
  });
});

/** Bytes on the device that a model still takes after it has predicted, without inputs and outputs. */
async function bytesOnDevice(modelOf: () => LayersModel): Promise<number> {
  const before = bytesInGPU();
  const model = modelOf();
  const x = ones([3, features]);
  const y = model.predict(x) as Tensor;
  await y.data();
  x.dispose();
  y.dispose();
  const bytes = bytesInGPU() - before;
  model.dispose();
  return bytes;
}

function bytesInGPU(): number {
  return (memory() as unknown as {readonly numBytesInGPU: number}).numBytesInGPU;
}

function floatModel(): LayersModel {
  return sequential({
    layers: [layers.dense({units: neurons, inputShape: [features], useBias: false, kernelInitializer: 'zeros'})],
  });
}

function packedModel(bits: number): LayersModel {
  const uniform = uniforms(bits);
  const levels = 2 ** bits;
  const codes = Uint8Array.from({length: features * neurons}, () => Math.floor(uniform() * levels));
  const letters = {levels, origin: -(levels - 1) / 2, groupSize: features, offsets: false};
  const {packing, parts} = packMatrices(
    {problems: 1, features, neurons, letters},
    {codes, steps: new Float32Array(neurons).fill(0.1)},
  );
  const layer = new Packed({
    name: 'packed',
    batchInputShape: [null, features],
    layer: {className: 'Dense', config: {name: 'dense', units: neurons, useBias: false}},
    packings: [packing],
  });
  const model = sequential({layers: [layer]});
  const weights = partsOf(packing).map(({name, dtype}) => tensor1d(parts[name] ?? [], dtype));
  layer.setWeights(weights);
  weights.forEach((weight) => weight.dispose());
  return model;
}
