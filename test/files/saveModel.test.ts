import {io, memory, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {ArtifactError, saveModel} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, gaussianTensor, predictionsOf} from '../support/models/smallNetworks.ts';

type Storage = (artifacts: io.ModelArtifacts) => io.ModelArtifacts | undefined;

/** What becomes of artifacts on their way into a browser's storage. */
const storages: Record<string, Storage> = {
  keeps: (artifacts) => artifacts,
  forgets: () => undefined,
  cuts: ({weightData, ...others}) => ({
    ...others,
    weightData: new Uint8Array(weightData as ArrayBuffer).slice(0, 40).buffer,
  }),
  keepsTheOldOne: ({weightData, ...others}) => ({
    ...others,
    weightData: new Uint8Array(weightData as ArrayBuffer).map((byte) => byte ^ 1).buffer,
  }),
};
const stored = new Map<string, io.ModelArtifacts>();
const nameIn = (url: string | string[]): string => /^indexeddb:\/\/saveModel-(\w+)$/.exec(String(url))?.[1] ?? '';
const never = null as never; // what tfjs's routers give for the addresses of others

onBackends(['cpu'], () => {
  describe('saveModel', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      io.registerSaveRouter((url) =>
        nameIn(url) in storages
          ? io.withSaveHandler((artifacts) => {
              const kept = storages[nameIn(url)](artifacts);
              if (kept) stored.set(nameIn(url), kept);
              // As tfjs: before anything is written.
              return Promise.resolve({modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts)});
            })
          : never,
      );
      io.registerLoadRouter((url) => (stored.has(nameIn(url)) ? io.fromMemory(stored.get(nameIn(url)) ?? {}) : never));
      network = denseNetwork();
      x = gaussianTensor([4, 6], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    it('gives what tfjs says of a model that is there', async () => {
      const {modelArtifactsInfo} = await saveModel(network, 'indexeddb://saveModel-keeps');
      expect(modelArtifactsInfo.weightDataBytes).to.equal(4 * (6 * 8 + 8 + 8 * 3 + 3));
    });

    for (const [name, found] of [
      ['forgets', 'none'],
      ['cuts', 'others'],
      ['keepsTheOldOne', 'others'],
    ]) {
      it(`refuses a storage that ${name}; the model is as it was`, async () => {
        const [tensors, before] = [memory().numTensors, await predictionsOf(network, x)];
        const error: unknown = await saveModel(network, `indexeddb://saveModel-${name}`).catch(
          (reason: unknown) => reason,
        );
        expect(error)
          .to.be.instanceOf(ArtifactError)
          .with.property('message')
          .that.matches(
            new RegExp(
              `^saveModel: expected indexeddb://saveModel-${name} to hold the 332 bytes of weights that were ` +
                `saved, found ${found}; the browser has no room for them`,
            ),
          );
        expect(await predictionsOf(network, x)).to.deep.equal(before);
        expect(memory().numTensors).to.equal(tensors);
      });
    }

    it('says where there is no such storage', async () => {
      expect(await saveModel(network, 'indexeddb://elsewhere').catch((reason: unknown) => reason))
        .to.be.instanceOf(ArtifactError)
        .with.property(
          'message',
          'saveModel: expected a storage for indexeddb://elsewhere, found none; only browsers have IndexedDB',
        );
    });

    it('leaves other addresses and handlers to tfjs', async () => {
      let saves = 0;
      await saveModel(
        network,
        io.withSaveHandler((artifacts) => {
          saves++;
          return Promise.resolve({modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts)});
        }),
      );
      expect(saves).to.equal(1);
      expect(await saveModel(network, 'nowhere://model').catch((reason: unknown) => String(reason))).to.match(
        /Cannot find any save handlers/,
      );
    });
  });
});
