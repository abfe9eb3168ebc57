import type {io} from '@tensorflow/tfjs-core';
import {memory} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {ArtifactError, BackendError, loadPacked, type LoadPackedOptions, OptionError} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {bitsOf, collectArtifacts, giving, packedModel, packings} from '../support/models/smallPackedModels.ts';
import {pattern} from '../support/pattern.ts';

const HALF = packings['dense layers, two bits, half of them pruned'];

describe('loadPacked', () => {
  onBackends(['cpu', 'wasm'], () => {
    for (const [name, packing] of Object.entries(packings)) {
      it(`gives what was saved, bit by bit: ${name}`, async () => {
        const model = await packedModel(packing);
        const loaded = await loadPacked(giving(await collectArtifacts(model)));
        expect(await bitsOf(loaded)).to.deep.equal(await bitsOf(model));
        expect(loaded.getUserDefinedMetadata()).to.deep.equal(model.getUserDefinedMetadata());
        loaded.dispose();
        model.dispose();
      });
    }
  });

  onBackends(['cpu'], () => {
    let model: LayersModel;
    let artifacts: io.ModelArtifacts;
    before(async () => {
      model = await packedModel(HALF);
      artifacts = await collectArtifacts(model);
    });
    after(() => {
      model.dispose();
    });

    /** The message of the ArtifactError with which changed artifacts are refused; nothing may be left behind. */
    async function refusal(changes: object, options: LoadPackedOptions = {}): Promise<string> {
      const {numTensors} = memory();
      const error: unknown = await loadPacked(giving({...artifacts, ...changes}), options).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(ArtifactError);
      expect(memory().numTensors).to.equal(numTensors);
      return error instanceof Error ? error.message : '';
    }

    /** The topology with a text in it replaced. */
    const edited = (from: string, to: string): object => {
      const text = JSON.stringify(artifacts.modelTopology);
      expect(text).to.include(from);
      return {modelTopology: JSON.parse(text.replace(from, to)) as unknown};
    };
    const payload = (): Uint8Array => new Uint8Array(artifacts.weightData as ArrayBuffer).slice();

    it('refuses an unknown option and one that is no boolean', async () => {
      for (const options of [{verfy: true}, {verify: 1}]) {
        expect(
          await loadPacked(giving(artifacts), options as object).catch((error: unknown) => error),
        ).to.be.instanceOf(OptionError);
      }
    });

    it('joins pieces of which the last is the largest, which tfjs reads as zeros', async () => {
      const bytes = payload();
      const loaded = await loadPacked(
        giving({...artifacts, weightData: [bytes.slice(0, 8).buffer, bytes.slice(8).buffer]}),
      );
      expect(await bitsOf(loaded)).to.deep.equal(await bitsOf(model));
      loaded.dispose();
    });

    it('says of a model that is not packed how to load it', async () => {
      const plain = sequential({layers: [layers.dense({units: 2, inputShape: [3]})]});
      const message = await refusal({...(await collectArtifacts(plain)), userDefinedMetadata: undefined});
      expect(message).to.match(
        pattern(
          /^loadPacked: the given handler: expected a packed model, with `userDefinedMetadata.tfjsCompress`, /,
          /found undefined; .* tf\.loadLayersModel/,
        ),
      );
      plain.dispose();
    });

    it('names a format that it does not know', async () => {
      expect(
        await refusal({userDefinedMetadata: {tfjsCompress: {format: 2, sha256: '', bytes: 0, marks: ''}}}),
      ).to.include('expected `tfjsCompress.format` to be 1, found 2; update tfjs-compress');
    });

    it('names the weight in which a bit flipped', async () => {
      const bytes = payload();
      bytes[bytes.length - 1] ^= 1;
      expect(await refusal({weightData: bytes.buffer})).to.match(
        pattern(
          /expected the model that was packed \(SHA-256 '[0-9a-f]{64}'\), found another .*: weight /,
          /'scores\/\w+' differs; copy the files again/,
        ),
      );
    });

    it('names the weight at which a file is cut off', async () => {
      expect(await refusal({weightData: payload().slice(0, -4).buffer})).to.match(
        pattern(
          /weight 'scores\/\w+': expected it, \[\d+\] in \w+, to end at byte \d+, found \d+ bytes in all; a /,
          /file of weights is cut off or missing/,
        ),
      );
    });

    it('refuses bytes that are left over', async () => {
      expect(await refusal({weightData: Uint8Array.from([...payload(), 0]).buffer})).to.match(
        /expected \d+ bytes for \d+ weights, found \d+;/,
      );
    });

    it('refuses an edited topology by its checksum', async () => {
      expect(await refusal(edited('"relu"', '"tanh"'))).to.include('its topology or its list of weights differs');
    });

    it('without verify takes an edited topology that fits its weights', async () => {
      const loaded = await loadPacked(giving({...artifacts, ...edited('"relu"', '"tanh"')}), {verify: false});
      expect(await bitsOf(loaded)).to.deep.equal(await bitsOf(model));
      loaded.dispose();
    });

    it('refuses codes outside the alphabet and names layer and array', async () => {
      const ternary = await packedModel(packings['a convnet with BatchNormalization, three letters']);
      const saved = await collectArtifacts(ternary);
      const bytes = new Uint8Array(saved.weightData as ArrayBuffer);
      const specs = saved.weightSpecs ?? [];
      const from = specs
        .slice(
          0,
          specs.findIndex(({name}) => name === 'conv/codes'),
        )
        .reduce((sum, {shape}) => sum + 4 * shape[0], 0);
      bytes.fill(255, from, from + 4); // 3^20 < 2^32: no word of 20 digits
      expect(await refusal({...saved, weightData: bytes.buffer}, {verify: false})).to.match(
        pattern(
          /layer 'conv', codes: expected word 0 to hold digits below 3, got 4294967295; the file is damaged /,
          /or was edited/,
        ),
      );
      ternary.dispose();
    });

    it('refuses what gives nothing', async () => {
      for (const nothing of [undefined, null, 'text']) {
        const error: unknown = await loadPacked(giving(nothing)).catch((reason: unknown) => reason);
        expect(String(error)).to.match(
          /^ArtifactError: loadPacked: the given handler: expected the handler to give a model, got /,
        );
      }
    });

    it('passes on what a handler says', async () => {
      const error: unknown = await loadPacked({load: () => Promise.reject(new Error('the disk is on fire'))}).catch(
        (reason: unknown) => reason,
      );
      expect(String(error)).to.include('got: the disk is on fire; is there a model at this place?');
    });

    it('says where there is no crypto.subtle that it cannot verify, and loads without', async () => {
      const found = Object.getOwnPropertyDescriptor(globalThis, 'crypto') ?? {};
      Object.defineProperty(globalThis, 'crypto', {value: {}, configurable: true});
      try {
        const error: unknown = await loadPacked(giving(artifacts)).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(BackendError);
        expect(String(error)).to.include('serve the page over https or from localhost, or load with {verify: false}');
        (await loadPacked(giving(artifacts), {verify: false})).dispose();
      } finally {
        Object.defineProperty(globalThis, 'crypto', found);
      }
    });
  });
});
