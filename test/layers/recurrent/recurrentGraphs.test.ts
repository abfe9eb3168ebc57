import {dispose, memory, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, loadPacked, progress, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {Activations, lastUsesOf} from '../../../src/calibration/activations.ts';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {createNetworkPair} from '../../../src/model/networkPair.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {FAST, packed, relativeDifference, reloaded} from '../../support/models/packedModels.ts';
import {recurrentExamples} from '../../support/models/recurrentModels.ts';
import {untilTensors} from '../../support/models/smallNetworks.ts';
import {collectArtifacts, giving} from '../../support/models/smallPackedModels.ts';
import {largestDifference} from '../../support/numerics/randomMatrices.ts';

onBackends(['cpu', 'wasm'], () => {
  for (const [name, make] of Object.entries(recurrentExamples)) {
    describe(`a model with ${name}`, () => {
      let network: LayersModel;
      let inputs: Tensor[];
      let outputs: Float32Array[];
      let start: number;
      before(async () => {
        ({model: network, inputs} = make());
        outputs = await outputsOf(network, inputs);
      });
      beforeEach(() => {
        start = memory().numTensors;
      });
      afterEach(() => {
        expect(memory().numTensors).to.be.at.most(start);
      });
      after(() => {
        disposeModel(network);
        dispose(inputs);
      });

      it('walks as it predicts', async () => {
        const networks = await createNetworkPair(network, network);
        const {calls, outputs: values} = networks.original;
        const lastUses = lastUsesOf(networks.original);
        values.forEach((value) => {
          lastUses[value] = calls.length;
        });
        const activations = Activations.ofInputs(
          networks,
          lastUses,
          inputs.map((one) => one.clone()),
        );
        activations.advance(calls.length);
        for (const [i, value] of values.entries()) {
          expect(largestDifference(await activations['inOriginal'](value).data(), outputs[i])).to.equal(0);
        }
        activations.dispose();
        disposeModel(networks.shadowModel);
      });

      it('of 8 bits gives nearly what it gave', async () => {
        const compression = await lastValueFrom(
          compress(network).pipe(calibrate(inputs), spfqQuantize({bits: 8, include: /./})),
        );
        (await outputsOf(compression.model, inputs)).forEach((values, i) => {
          expect(relativeDifference(Array.from(outputs[i]), Array.from(values))).to.be.within(1e-7, 1e-2);
        });
        compression.dispose();
      });

      it('pruned and packed predicts the same, also loaded', async () => {
        const compression = await lastValueFrom(
          compress(network).pipe(
            calibrate(inputs),
            spfqPrune({sparsity: 0.5, include: /./}),
            spfqQuantize({bits: 3, ...FAST}),
          ),
        );
        const small = await packed(compression);
        const expected = await outputsOf(compression.model, inputs);
        const found = await outputsOf(small.model, inputs);
        expected.forEach((values, i) => {
          expect(relativeDifference(Array.from(values), Array.from(found[i]))).to.be.below(1e-5);
        });
        for (const again of [
          await reloaded(small.model),
          await loadPacked(giving(await collectArtifacts(small.model))),
        ]) {
          expect(await outputsOf(again, inputs)).to.deep.equal(found);
          disposeModel(again);
        }
        [compression, small].forEach((made) => {
          made.dispose();
        });
      });

      it('leaves no tensor where it is cancelled, or its data ends in an error', async () => {
        await new Promise<void>((resolve, reject) => {
          const running = compress(network)
            .pipe(
              calibrate(inputs),
              progress(({index}) => {
                if (index !== 1) return;
                running.unsubscribe();
                resolve();
              }),
              spfqQuantize({bits: 4, ...FAST}),
            )
            .subscribe({
              complete: () => {
                reject(new Error('expected it to be cancelled'));
              },
              error: reject,
            });
        });
        await untilTensors(start);
        expect(memory().numTensors).to.equal(start);
        const failing = function* (): Iterable<Tensor[]> {
          yield inputs.map((one) => one.clone());
          throw new Error('the disk is gone');
        };
        await lastValueFrom(
          compress(network).pipe(
            calibrate(() => failing(), {samples: 48}),
            spfqQuantize({bits: 4, ...FAST}),
          ),
        ).then(
          () => {
            throw new Error('expected an error');
          },
          (error: unknown) => {
            expect(String(error)).to.contain('the disk is gone');
          },
        );
      });
    });
  }
});

async function outputsOf(network: LayersModel, inputs: readonly Tensor[]): Promise<Float32Array[]> {
  const given = [network.predict(inputs.length === 1 ? inputs[0] : [...inputs])].flat();
  const values = await Promise.all(given.map((one) => one.data<'float32'>()));
  dispose(given);
  return values;
}
