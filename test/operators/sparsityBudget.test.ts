import {memory, type Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression, spfqPrune, type SpfqPruneOptions} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {gaussianTensor, randomize, weightsOf} from '../support/models/smallNetworks.ts';

onBackends(['wasm'], () => {
  describe('budgets', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = sequential({
        layers: [
          layers.dense({name: 'wide', units: 40, inputShape: [12], activation: 'relu'}),
          layers.dense({name: 'middle', units: 20, activation: 'relu'}),
          layers.dense({name: 'scores', units: 4}),
        ],
      });
      randomize(network, 4);
      x = gaussianTensor([256, 12], 5);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    const pruned = (options: SpfqPruneOptions): Promise<Compression> =>
      lastValueFrom(compress(network).pipe(calibrate(x), spfqPrune({include: /./, ...options})));

    for (const sparsity of [0, 0.3, 0.777, 0.95]) {
      it(`scope: 'model' prunes ${100 * sparsity} % of all weights, to one weight`, async () => {
        const {report, model, dispose} = await leavingResult(() => pruned({sparsity, scope: 'model'}));
        const kernels = (await weightsOf(model)).filter((_, i) => i % 2 === 0).flat();
        const zeros = report.layers.reduce(
          (sum, {sparsity: share, shape}) => sum + Math.round(share * shape[0] * shape[1]),
          0,
        );
        expect(zeros).to.equal(Math.round(sparsity * kernels.length));
        expect(kernels.filter((weight) => weight === 0)).to.have.length(zeros);
        dispose();
      });
    }

    it("scope: 'model' prunes layers by different shares, the same for the same seed", async () => {
      const shares = async () => {
        const {report, dispose} = await pruned({sparsity: 0.6, scope: 'model', seed: 3});
        dispose();
        return report.layers.map(({sparsity}) => sparsity);
      };
      const [one, other] = [await shares(), await shares()];
      expect(one).to.deep.equal(other);
      expect(Math.max(...one) - Math.min(...one)).to.be.greaterThan(0.05);
    });

    it("scope: 'model' after an earlier pruning revives nothing", async () => {
      const {report, dispose} = await lastValueFrom(
        compress(network).pipe(
          calibrate(x),
          spfqPrune({sparsity: 0.5, include: 'middle'}),
          spfqPrune({sparsity: 0.7, scope: 'model', include: /./}),
        ),
      );
      const zeros = report.layers.reduce(
        (sum, {sparsity, shape}) => sum + Math.round(sparsity * shape[0] * shape[1]),
        0,
      );
      expect(zeros).to.equal(Math.round(0.7 * (480 + 800 + 80)));
      expect(report.layers.find(({name}) => name === 'middle')?.sparsity).to.be.at.least(0.5);
      dispose();
    });

    /** Runs something that must leave the tensors of its model alone behind. */
    async function leavingResult(run: () => Promise<Compression>): Promise<Compression> {
      const tensors = memory().numTensors;
      const result = await run();
      expect(memory().numTensors - tensors).to.equal(network.weights.length);
      return result;
    }
  });
});
