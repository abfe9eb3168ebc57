import {add, matMul, mul, serialization, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {
  initializers,
  input,
  layers,
  type LayersModel,
  model as modelOf,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, correct, dryRun, evaluate, pack, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {supportedClassNames} from '../../src/layers/registry.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {FAST, relativeDifference} from '../support/models/packedModels.ts';
import {gaussianTensor, predictionsOf, randomize} from '../support/models/smallNetworks.ts';

/** With weights, of a user: x ↦ x ∘ scale + x M, with a matrix that the library knows nothing of. */
class OwnMixture extends layers.Layer {
  static className = 'OwnMixture';

  override build(shape: number[]): void {
    const size = shape[shape.length - 1];
    this.addWeight('scale', [size], 'float32', initializers.ones());
    this.addWeight('mixture', [size, size], 'float32', initializers.randomNormal({seed: 3, stddev: 0.1}));
    super.build(shape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [x] = [inputs].flat();
    const [scale, mixture] = this.getWeights();
    return tidy(() => add(mul(x, scale), matMul(x, mixture)));
  }

  override computeOutputShape(shape: number[]): number[] {
    return shape;
  }
}

/** Without weights; takes two inputs, gives two outputs. */
class OwnExchange extends layers.Layer {
  static className = 'OwnExchange';

  override call(inputs: Tensor | Tensor[]): Tensor[] {
    const [a, b] = [inputs].flat();
    return tidy(() => [add(a, b), mul(a, b)]);
  }

  override computeOutputShape(shapes: number[][]): number[][] {
    return shapes;
  }
}

function network(): LayersModel {
  const x = input({name: 'x', shape: [8]});
  const dense = (name: string, units: number, from: SymbolicTensor) =>
    layers.dense({name, units, activation: 'tanh'}).apply(from) as SymbolicTensor;
  const mixed = new OwnMixture({name: 'mixed'}).apply(dense('first', 6, x)) as SymbolicTensor;
  const [sum, product] = new OwnExchange({name: 'exchange'}).apply([mixed, dense('second', 6, x)]) as SymbolicTensor[];
  const joined = layers.concatenate({name: 'joined'}).apply([sum, product]) as SymbolicTensor;
  const whole = modelOf({inputs: x, outputs: layers.dense({name: 'scores', units: 3}).apply(joined) as SymbolicTensor});
  randomize(whole, 5);
  return whole;
}

onBackends(['cpu', 'wasm'], () => {
  describe('layers of unknown types', () => {
    before(() => {
      [OwnMixture, OwnExchange].forEach((type) => {
        serialization.registerClass(type);
      });
    });

    it('stay as they are in every stage, with a reason if they have weights; others are compressed', async () => {
      const [model, x] = [network(), gaussianTensor([64, 8], 1)];
      const own = await Promise.all(
        model
          .getLayer('mixed')
          .getWeights()
          .map(async (weight) => Array.from(await weight.data())),
      );
      const compression = await lastValueFrom(
        compress(model).pipe(
          calibrate(x),
          spfqPrune({sparsity: 0.25, include: 'second', iterations: 5}),
          spfqQuantize({...FAST, bits: 8}),
          correct(),
          evaluate({xs: x}),
          pack(),
        ),
      );
      const {report, layers: compressed, model: small} = compression;
      expect(compressed.map(({name}) => name)).to.have.members(['first', 'second', 'scores']);
      const reason = `unsupported layer type; supported are ${supportedClassNames().join(', ')}`;
      expect(report.skipped.filter(({name}) => name === 'mixed')).to.deep.equal(
        ['spfqPrune', 'spfqQuantize', 'correct'].map((stage) => ({
          stage,
          name: 'mixed',
          className: 'OwnMixture',
          reason,
        })),
      );
      expect(report.skipped.filter(({name}) => name === 'exchange')).to.deep.equal([]);
      expect(
        await Promise.all(
          small
            .getLayer('mixed')
            .getWeights()
            .map(async (weight) => Array.from(await weight.data())),
        ),
      ).to.deep.equal(own);
      expect(relativeDifference(await predictionsOf(model, x), await predictionsOf(small, x))).to.be.below(0.2);
      compression.dispose();
      disposeModel(model);
      x.dispose();
    });

    it('are counted in a dry run, and listed with the reason', () => {
      const model = network();
      const {skipped, size} = dryRun(model, {bits: 4});
      expect(skipped.map(({name}) => name)).to.deep.equal(['mixed']);
      expect(size.parameters).to.equal(9 * 6 + 6 + 36 + 9 * 6 + 13 * 3);
      disposeModel(model);
    });
  });
});
