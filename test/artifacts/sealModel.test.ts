import {createHash} from 'node:crypto';
import type {io} from '@tensorflow/tfjs-core';
import {tensor1d} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {firstValueFrom} from 'rxjs';
import {
  ArtifactError,
  BackendError,
  calibrate,
  compress,
  loadPacked,
  pack,
  sealModel,
  spfqQuantize,
} from 'tfjs-compress';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {examples} from '../support/models/models.ts';
import {collectArtifacts, giving, packedModel, packings} from '../support/models/smallPackedModels.ts';

interface Metadata {
  readonly tfjsCompress: {readonly format: number; readonly sha256: string; readonly bytes: number};
}

const sealOf = (model: LayersModel) => (model.getUserDefinedMetadata() as Metadata).tfjsCompress;

onBackends(['cpu'], () => {
  describe('sealModel', () => {
    it('writes the SHA-256 of topology, weights in order of their names, and their bytes, keys sorted', async () => {
      const model = await packedModel(packings['dense layers, four bits with offsets']);
      const {modelTopology, weightSpecs = [], weightData} = await collectArtifacts(model);
      const {class_name, config} = modelTopology as {class_name: string; config: object};
      const bytes = Buffer.from(weightData as ArrayBuffer);
      let at = 0;
      const weights = weightSpecs
        .map(({name, shape, dtype}) => {
          const from = at;
          at += 4 * shape.reduce((product, size) => product * size, 1);
          return [name, shape, dtype, createHash('sha256').update(bytes.subarray(from, at)).digest('hex')] as const;
        })
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const sha256 = createHash('sha256')
        .update(JSON.stringify({topology: {class_name, config}, weights}, sortedKeys))
        .digest('hex');
      expect(sealOf(model)).to.include({format: 1, sha256, bytes: bytes.length});
      model.dispose();
    });

    it('keeps the entries that the metadata has', async () => {
      const model = await packedModel(packings['dense layers, four bits with offsets']);
      model.setUserDefinedMetadata({author: 'me'});
      await sealModel(model);
      expect(model.getUserDefinedMetadata()).to.have.keys('author', 'tfjsCompress');
      model.dispose();
    });

    it('has to be called again after a change, or the model is refused', async () => {
      const model = await packedModel(packings['dense layers, four bits with offsets']);
      const bias = model.layers[0].weights[3];
      const ones = tensor1d(new Float32Array(bias.shape[0] ?? 0).fill(1));
      bias.write(ones);
      ones.dispose();
      const error: unknown = await loadPacked(giving(await collectArtifacts(model))).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ArtifactError);
      expect(String(error)).to.match(
        /weight 'hidden\/bias' differs; .* call sealModel before saving if you changed the packed model/,
      );
      await sealModel(model);
      (await loadPacked(giving(await collectArtifacts(model)))).dispose();
      model.dispose();
    });

    it('says where there is no crypto.subtle, and pack() leaves nothing behind', async () => {
      const found = Object.getOwnPropertyDescriptor(globalThis, 'crypto') ?? {};
      Object.defineProperty(globalThis, 'crypto', {value: {}, configurable: true});
      const {model, inputs} = examples['a Sequential']();
      try {
        const packing = firstValueFrom(
          compress(model).pipe(calibrate(inputs), spfqQuantize({bits: 2, samples: 1, sweeps: 1}), pack()),
        );
        expect(await packing.catch((reason: unknown) => reason)).to.be.instanceOf(BackendError);
      } finally {
        Object.defineProperty(globalThis, 'crypto', found);
        model.dispose();
        inputs.forEach((input) => {
          input.dispose();
        });
      }
    });

    for (const [what, example] of Object.entries(examples)) {
      it(`agrees after load and save, twice, and through JSON text: ${what}`, async () => {
        const {model, inputs} = example();
        const {model: packed} = await firstValueFrom(
          compress(model).pipe(calibrate(inputs), spfqQuantize({bits: 2, samples: 1, sweeps: 1}), pack()),
        );
        const once = await loadPacked(giving(throughText(await collectArtifacts(packed))));
        const twice = await loadPacked(giving(throughText(await collectArtifacts(once))));
        const seal = sealOf(packed);
        await sealModel(twice);
        expect(sealOf(twice)).to.deep.equal(seal);
        [twice, once, packed, model].forEach(disposeModel);
        inputs.forEach((input) => {
          input.dispose();
        });
      });
    }
  });
});

function throughText({weightData, ...description}: io.ModelArtifacts): io.ModelArtifacts {
  return {...(JSON.parse(JSON.stringify(description)) as io.ModelArtifacts), ...(weightData && {weightData})};
}

/** A replacer of JSON.stringify. */
function sortedKeys(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
}
