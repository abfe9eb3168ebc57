import {execFile} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import type {io} from '@tensorflow/tfjs-core';
import {memory} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, loadLayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {ArtifactError, BackendError, loadPacked, type LoadPackedOptions, OptionError} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {onBackends} from '../support/backends/onBackends.ts';
import {bitsOf, collectArtifacts, giving, packedModel, packings} from '../support/models/smallPackedModels.ts';

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
        /^loadPacked: the given handler: expected a packed model, with `userDefinedMetadata.tfjsCompress`, found undefined; .* tf\.loadLayersModel/,
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
        /expected the model that was packed \(SHA-256 '[0-9a-f]{64}'\), found another .*: weight 'scores\/\w+' differs; copy the files again/,
      );
    });

    it('names the weight at which a file is cut off', async () => {
      expect(await refusal({weightData: payload().slice(0, -4).buffer})).to.match(
        /weight 'scores\/\w+': expected it, \[\d+\] in \w+, to end at byte \d+, found \d+ bytes in all; a file of weights is cut off or missing/,
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

    for (const [what, from, to, message] of [
      ['as many weights as no file holds', '"features":8', '"features":1000000000', /layer 'hidden': expected/],
      [
        'a packing that is none',
        '"levels":4',
        '"levels":1',
        /layer 'hidden': expected `packing\.letters\.levels` to be an integer from 2 to 256, found 1/,
      ],
      [
        'a class that tfjs does not know',
        '"class_name":"Dense"',
        '"class_name":"Lambda"',
        /layer 'hidden': expected a packed layer of type Dense, .*, found 'Lambda'/,
      ],
      [
        'a recurrent layer that keeps states',
        '"trainable":false',
        '"stateful":true',
        /layer 'hidden': expected `stateful` to be false/,
      ],
    ] as const) {
      it(`refuses ${what}, whatever the checksum`, async () => {
        expect(await refusal(edited(from, to), {verify: false})).to.match(message);
      });
    }

    it('allocates no layer that is larger than the file', async () => {
      const huge = {
        class_name: 'Sequential',
        config: {
          name: 'huge',
          layers: [{class_name: 'Dense', config: {name: 'd', units: 1e9, batch_input_shape: [null, 1e5]}}],
        },
      };
      expect(await refusal({modelTopology: huge}, {verify: false})).to.match(
        /layer 'd': expected weights of no more than \d+ bytes, as many as the file has, found that kernel \[100000,1000000000\] in float32 takes more/,
      );
    });

    it('does not wait for layers that wait for each other, as tfjs would forever', async () => {
      const waiting = (name: string, from: string) => ({
        class_name: 'Dense',
        name,
        config: {name, units: 2},
        inbound_nodes: [[[from, 0, 0, {}]]],
      });
      const circle = {
        class_name: 'Model',
        config: {name: 'circle', layers: [waiting('a', 'b'), waiting('b', 'a')], input_layers: [], output_layers: []},
      };
      expect(await refusal({modelTopology: circle}, {verify: false})).to.match(
        /layer 'a': expected inputs that other layers give, found \[\["b",0\]\], which never come/,
      );
    });

    it('does not build models in models whose calls double at every level', async () => {
      const nested = (depth: number): object => {
        const name = `n${depth}`;
        const inner =
          depth === 0
            ? {class_name: 'ReLU', config: {name}}
            : {class_name: 'Model', config: {name, ...nested(depth - 1)}};
        const layer = {...inner, name, inbound_nodes: [[['in', 0, 0, {}]], [[name, depth === 0 ? 0 : 1, 0, {}]]]};
        const input = {
          class_name: 'InputLayer',
          name: 'in',
          config: {name: 'in', batch_input_shape: [null, 3]},
          inbound_nodes: [],
        };
        return {layers: [input, layer], input_layers: [['in', 0, 0]], output_layers: [[name, depth === 0 ? 1 : 2, 0]]};
      };
      expect(
        await refusal({modelTopology: {class_name: 'Model', config: {name: 'deep', ...nested(40)}}}, {verify: false}),
      ).to.match(/expected at most 100000 calls of layers, found \d+/);
    });

    it('does not unpack a layer of which nothing is kept: a file of no bytes says so of 2^30 weights', async () => {
      const packing = {problems: 1, features: 2 ** 20, neurons: 2 ** 10, kept: 0, zeros: {n: 0, m: 16}};
      const dense = {class_name: 'Dense', config: {name: 'd', units: 2 ** 10, use_bias: false}};
      const layer = {
        class_name: 'Packed (registerPacked() of tfjs-compress)',
        config: {name: 'd', batch_input_shape: [null, 2 ** 20], layer: dense, packings: [packing]},
      };
      const loaded = await loadPacked(
        giving({
          modelTopology: {class_name: 'Sequential', config: {name: 'empty', layers: [layer]}},
          weightData: new ArrayBuffer(0),
          weightSpecs: [
            {name: 'd/values', shape: [0], dtype: 'float32'},
            {name: 'd/mask', shape: [0], dtype: 'int32'},
          ],
          userDefinedMetadata: {tfjsCompress: {format: 1, sha256: '', bytes: 0, marks: ''}},
        }),
        {verify: false},
      );
      expect(loaded.weights.map(({shape}) => shape)).to.deep.equal([[0], [0]]);
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
        /layer 'conv', codes: expected word 0 to hold digits below 3, got 4294967295; the file is damaged or was edited/,
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

    describe('from files', () => {
      let folder: string;
      let url: string;
      const server = createServer((request, response) => {
        readFile(join(folder, (request.url ?? '').replace('/packed/', ''))).then(
          (file) => response.end(file),
          () => response.writeHead(404).end('<html>Not found</html>'),
        );
      });
      before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
        await model.save(fileHandler(folder, {shardBytes: 24}));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/packed/`;
      });
      after(async () => {
        server.close();
        await rm(folder, {recursive: true});
      });

      it('loads several shards over http, and so does tfjs', async () => {
        for (const load of [loadPacked, loadLayersModel]) {
          const loaded = await load(`${url}model.json`);
          expect(await bitsOf(loaded)).to.deep.equal(await bitsOf(model));
          loaded.dispose();
        }
      });

      it('says of a page in HTML that it is no model, with the address', async () => {
        await writeFile(join(folder, 'page.json'), '<html>Welcome</html>');
        const error: unknown = await loadPacked(`${url}page.json`).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(ArtifactError);
        expect(String(error)).to.include(
          `loadPacked: '${url}page.json': expected a model.json and its weights, got: Failed to parse model JSON`,
        );
      });

      it('says of an address where nothing is that nothing is there', async () => {
        expect(String(await loadPacked(`${url}none.json`).catch((reason: unknown) => reason))).to.match(
          /ArtifactError: loadPacked: .*none\.json': .*status code 404.*is there a model at this place\?/,
        );
      });

      it('says of a missing shard, in whose place the server sends a page, at which weight the file ends', async () => {
        const [, second] = (await readdir(folder)).filter((name) => name.startsWith('weights-')).sort();
        await rm(join(folder, second));
        expect(String(await loadPacked(`${url}model.json`).catch((reason: unknown) => reason))).to.match(
          /ArtifactError: .* weight 'scores\/\w+': .* a file of weights is cut off or missing/,
        );
      });

      it('is asked for by the error of tfjs where a program does not know packed layers', async () => {
        await model.save(fileHandler(folder));
        const {stdout} = await promisify(execFile)(process.execPath, [
          '--import',
          'tsx',
          '--input-type=module',
          '--eval',
          `
          import '@tensorflow/tfjs-backend-cpu';
          import {loadLayersModel} from '@tensorflow/tfjs-layers';
          import {fileHandler} from 'tfjs-compress/plugins/node';
          await loadLayersModel(fileHandler(${JSON.stringify(folder)})).catch((error) => console.log(error.message));`,
        ]);
        expect(stdout).to.match(/Unknown layer: Packed \(registerPacked\(\) of tfjs-compress\)/);
      });
    });
  });
});
