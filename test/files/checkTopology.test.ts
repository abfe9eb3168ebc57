import type {io} from '@tensorflow/tfjs-core';
import {memory} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {ArtifactError, loadPacked, type LoadPackedOptions} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {collectArtifacts, giving, packedModel, packings} from '../support/models/smallPackedModels.ts';
import {pattern} from '../support/pattern.ts';

const HALF = packings['dense layers, two bits, half of them pruned'];

describe('loadPacked', () => {
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
        pattern(
          /layer 'd': expected weights of no more than \d+ bytes, as many as the file has, found that kernel /,
          /\[100000,1000000000\] in float32 takes more/,
        ),
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
  });
});
