import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {io, type Tensor} from '@tensorflow/tfjs-core';
import {type LayersModel, loadLayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {concatMap, lastValueFrom, type OperatorFunction} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  spfqCompress,
  type SpfqCompressOptions,
  spfqPrune,
  spfqQuantize,
  type SpfqQuantizeOptions,
} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {onBackends} from '../support/backends/onBackends.ts';
import {expectedWeights} from '../support/layers/expectedWeights.ts';
import {causedTensor, masksOf, prunableConvnet, wideNetwork, zerosOf} from '../support/models/prunableNetworks.ts';
import {predictionsOf, weightsOf} from '../support/models/smallNetworks.ts';

type Stage = OperatorFunction<Compression, Compression>;

const ALPHABETS: readonly SpfqQuantizeOptions[] = [
  {bits: 1},
  {bits: 1, layout: 'twosComplement'},
  {bits: 'ternary'},
  {bits: 2},
  {bits: 2, layout: 'symmetric'},
  {bits: 2, layout: 'twosComplement'},
  {bits: 3},
  {bits: 4},
  {bits: 8},
  {levels: 5},
];
/** Fewer paths than by default. */
const BRIEF = {scale: 'mse', samples: 2} as const satisfies SpfqQuantizeOptions;

/** Looks at every compression on its way. */
function seen(look: (compression: Compression) => Promise<void>): Stage {
  return concatMap(async (compression) => {
    await look(compression);
    return compression;
  });
}

/** Every weight is its letter, or, where the mask says so, 0. */
async function expectLettersAndZeros({layers, model}: Compression): Promise<void> {
  for (const layer of layers) {
    const kernel = await model.getLayer(layer.name).getWeights()[0].data();
    expect(Array.from(kernel), layer.name).to.deep.equal(expectedWeights(layer, kernel));
  }
}

async function reloaded(model: LayersModel): Promise<LayersModel> {
  const saved: io.ModelArtifacts[] = [];
  await model.save(
    io.withSaveHandler(async (artifacts) => {
      saved.push(artifacts);
      return {modelArtifactsInfo: {dateSaved: new Date(0), modelTopologyType: 'JSON'}};
    }),
  );
  return loadLayersModel(io.fromMemory(saved[0]));
}

/**
 * The compression at the end of a chain, its letters and zeros looked at after every stage; the model is the caller's.
 */
async function chained(network: LayersModel, x: Tensor, stages: readonly Stage[]): Promise<Compression> {
  const watched = stages.flatMap((stage) => [stage, seen(expectLettersAndZeros)]);
  return lastValueFrom(
    watched.reduce((stream, stage) => stage(stream), compress(network).pipe(calibrate(x, {rows: 1024}))),
  );
}

onBackends(['wasm'], () => {
  describe('a chain of stages', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = wideNetwork();
      x = causedTensor([96, 33], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    for (const alphabet of ALPHABETS) {
      for (const granularity of ['tensor', 'channel', {group: 8}] as const) {
        for (const symmetric of [true, false]) {
          const options = {...alphabet, granularity, symmetric};
          it(`prune, spfqQuantize(${JSON.stringify(options)}), correct twice, load: the same zeros`, async () => {
            const masks: number[][] = [];
            const {model, layers, dispose} = await chained(network, x, [
              spfqPrune({sparsity: 0.6}),
              seen(async ({layers: [layer]}) => {
                masks.push(masksOf(layer));
              }),
              spfqQuantize({...BRIEF, ...options}),
              seen(async ({layers: [layer]}) => {
                masks.push(masksOf(layer));
              }),
              correct(),
              correct(),
            ]);
            masks.push(masksOf(layers[0]));
            expect(masks[0].filter((kept) => kept === 0)).to.have.length(Math.round(0.6 * 396));
            expect(masks[1]).to.deep.equal(masks[0]);
            expect(masks[2]).to.deep.equal(masks[0]);
            const loaded = await reloaded(model);
            expect(await weightsOf(loaded)).to.deep.equal(await weightsOf(model));
            loaded.dispose();
            dispose();
          });
        }
      }
    }

    for (const options of [
      {bits: 1},
      {bits: 'ternary'},
      {bits: 2},
      {bits: 4},
      {bits: 4, rounding: 'nearest'},
      {bits: 2, symmetric: false},
      {bits: 3, granularity: {group: 8}},
    ] as const satisfies readonly SpfqCompressOptions[]) {
      for (const sparsity of [0.25, 0.7]) {
        it(`spfqCompress(${JSON.stringify({...options, sparsity})}) prunes exactly; correct keeps it`, async () => {
          const {
            layers: [wide, scores],
            report,
            dispose,
          } = await chained(network, x, [
            spfqCompress({...options, sparsity, scale: 'mse', ...('rounding' in options ? {} : {samples: 2})}),
            seen(async ({layers: [layer]}) => {
              expect(zerosOf(layer)).to.equal(Math.round(sparsity * 396));
            }),
            correct(),
          ]);
          expect(zerosOf(wide)).to.equal(Math.round(sparsity * 396));
          expect(report.layers[0].sparsity).to.equal(zerosOf(wide) / 396);
          // The output layer has letters, and no zeros but those.
          expect([scores.kind, zerosOf(scores), report.layers[1].sparsity]).to.deep.equal(['quantized', 0, 0]);
          dispose();
        });
      }
    }

    for (const [first, second] of [
      [0.3, 0.6],
      [0.6, 0.3],
    ]) {
      it(`spfqCompress({sparsity: ${second}}) of what was pruned by ${first} keeps every zero`, async () => {
        const masks: number[][] = [];
        const note = seen(async ({layers: [layer]}) => {
          masks.push(masksOf(layer));
        });
        (
          await chained(network, x, [
            spfqPrune({sparsity: first}),
            note,
            spfqCompress({...BRIEF, sparsity: second, bits: 4}),
            note,
            correct(),
          ])
        ).dispose();
        expect(masks[1].filter((kept, i) => kept > masks[0][i])).to.deep.equal([]);
        expect(masks[1].filter((kept) => kept === 0)).to.have.length(Math.round(Math.max(first, second) * 396));
      });
    }

    it('a pruned and quantized model, saved and loaded, predicts the same bits and has the same zeros', async () => {
      const {model, dispose} = await chained(network, x, [
        spfqPrune({sparsity: 0.5}),
        spfqQuantize({...BRIEF, bits: 2}),
        correct(),
      ]);
      const folder = await mkdtemp(join(tmpdir(), 'chain-'));
      try {
        await model.save(fileHandler(folder));
        const loaded = await loadLayersModel(fileHandler(folder));
        expect(await predictionsOf(loaded, x)).to.deep.equal(await predictionsOf(model, x));
        expect((await weightsOf(loaded))[0].filter((weight) => weight === 0)).to.have.length(198);
        loaded.dispose();
      } finally {
        await rm(folder, {recursive: true});
      }
      dispose();
    });
  });
});

onBackends(['cpu', 'wasm', 'webgpu'], () => {
  it('a convnet, pruned, quantized and corrected, has exactly its letters and zeros after every stage', async () => {
    const network = prunableConvnet();
    const x = causedTensor([48, 6, 6, 4], 2);
    const {layers, dispose} = await chained(network, x, [
      spfqPrune({sparsity: 0.5, include: /./}),
      spfqQuantize({...BRIEF, bits: 2}),
      correct(),
    ]);
    expect(layers.map(zerosOf)).to.deep.equal([126, 32, 284, 14]); // half of 252, 63, 567 and 27
    dispose();
    network.dispose();
    x.dispose();
  });
});
