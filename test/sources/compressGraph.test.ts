import type {GraphModel} from '@tensorflow/tfjs-converter';
import {loadGraphModel} from '@tensorflow/tfjs-converter';
import {io, memory, type Tensor} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {
  calibrate,
  compressGraph,
  type Compression,
  correct,
  evaluate,
  exportGraph,
  pack,
  spfqPrune,
  spfqQuantize,
  toGraphModel,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {convGraph, graphModel} from '../support/models/graphs.ts';
import {errorOf, gaussianTensor, untilTensors} from '../support/models/smallNetworks.ts';

/** ‖y − ỹ‖ / ‖y‖ */
async function difference(
  one: {predict(x: Tensor): unknown},
  other: {predict(x: Tensor): unknown},
  x: Tensor,
): Promise<number> {
  const [expected, found] = await Promise.all(
    [one, other].map(async (model) => {
      const output = model.predict(x) as Tensor;
      const values = await output.data<'float32'>();
      output.dispose();
      return values;
    }),
  );
  expect(found).to.have.length(expected.length);
  return Math.hypot(...found.map((value, i) => value - expected[i])) / Math.hypot(...expected);
}

onBackends(['wasm', 'cpu'], () => {
  describe('compressGraph', () => {
    let graph: GraphModel;
    let x: Tensor;
    before(async () => {
      graph = await graphModel(convGraph());
      x = gaussianTensor([40, 8, 8, 2], 9);
    });
    after(() => {
      graph.dispose();
      x.dispose();
    });

    async function compressed(
      ...stages: ReadonlyArray<OperatorFunction<Compression, Compression>>
    ): Promise<Compression> {
      return lastValueFrom(
        stages.reduce((stream, stage) => stream.pipe(stage), compressGraph(graph).pipe(calibrate(x))),
      );
    }

    it('shows weighted nodes as layers named after them, and computes what the graph does', async () => {
      const compression = await compressed();
      expect(compression.model).to.equal(compression.original);
      const weighted = compression.model.layers.filter(
        (layer) => !/^(InputLayer|GraphSegment.*)$/.test(layer.getClassName()),
      );
      expect(
        weighted.map((layer) => [
          layer.name,
          layer.getClassName(),
          layer.getConfig()['activation'],
          layer.weights.length,
        ]),
      ).to.deep.equal([
        ['stem', 'Conv2D', 'relu', 2],
        ['depth', 'DepthwiseConv2D', 'linear', 2],
        ['hidden', 'Dense', 'relu', 2],
        ['scores', 'Dense', 'linear', 1],
      ]);
      // float32 numbers of the graph: 72 + 4, 36 + 4, 2048 + 8, 24
      expect(compression.model.countParams()).to.equal(2196);
      expect(await difference(graph, compression.model, x)).to.be.below(1e-5);
      compression.dispose();
    });

    it('goes through all stages; 8 bits change outputs by less than 1 %', async () => {
      const compression = await compressed(spfqQuantize({bits: 8}), correct(), evaluate({xs: x}));
      const {layers, skipped, evaluation, size} = compression.report;
      expect(layers.map(({name, shape, matrixCount}) => [name, ...shape, matrixCount])).to.deep.equal([
        ['stem', 18, 4, 1],
        ['depth', 9, 1, 4],
        ['hidden', 256, 8, 1],
        ['scores', 8, 3, 1],
      ]);
      expect(skipped).to.deep.equal([]);
      expect(size.parameters).to.equal(2196);
      expect(evaluation?.relativeError).to.be.within(1e-6, 1e-2);
      expect(await difference(graph, compression.model, x)).to.be.below(1e-2);
      compression.dispose();
    });

    it('keeps what was pruned, also in the graph that is made of it', async () => {
      const compression = await compressed(spfqPrune({sparsity: 0.5, include: 'hidden'}), spfqQuantize({bits: 4}));
      const small = await toGraphModel(compression);
      expect(compression.report.layers.map(({sparsity}) => sparsity)).to.deep.equal([0, 0, 0.5, 0]);
      const kernel = small.execute({}, 'hidden/kernel') as Tensor;
      const [weights, expected] = await Promise.all(
        [kernel, compression.model.getLayer('hidden').getWeights()[0]].map((one) => one.data<'float32'>()),
      );
      expect(weights).to.deep.equal(expected);
      const mask = compression.layers.find(({name}) => name === 'hidden')?.matrices[0].mask ?? new Uint8Array();
      expect([...mask].filter((kept) => kept === 0)).to.have.length(1024);
      expect(weights.filter((_, i) => mask[i] === 0).every((weight) => weight === 0)).to.equal(true);
      small.dispose();
      kernel.dispose();
      compression.dispose();
    });

    for (const [what, options] of [
      ['a step for each channel', {bits: 4}],
      ['one step', {bits: 4, granularity: 'tensor'}],
      ['offsets', {bits: 3, symmetric: false}],
      ['groups', {bits: 4, granularity: {group: 4}}],
    ] as const) {
      it(`is exported with ${what}, and predicts in stock tfjs what it predicts here`, async () => {
        const compression = await compressed(spfqQuantize(options));
        const saved: io.ModelArtifacts[] = [];
        const report = await exportGraph(
          compression,
          io.withSaveHandler((artifacts) => {
            saved.push(artifacts);
            return Promise.resolve({modelArtifactsInfo: {dateSaved: new Date(0), modelTopologyType: 'JSON'}});
          }),
        );
        const loaded = await loadGraphModel(io.fromMemory(saved[0]));
        const isExact = what === 'one step' || what.startsWith('a step');
        expect(report.layers.map(({name, exact}) => [name, exact])).to.deep.equal([
          ['stem', isExact],
          ['depth', isExact],
          ['hidden', isExact],
          ['scores', isExact],
        ]);
        expect(await difference(compression.model, loaded, x)).to.be.below(isExact ? 1e-6 : 1e-3);
        // Letters, biases, three integers, and the steps of four channels.
        if (what === 'one step') expect(report.bytes).to.equal(72 + 36 + 2048 + 24 + 4 * (4 + 4 + 8) + 4 * 3 + 4 * 4);
        if (what.startsWith('a step'))
          expect(report.bytes).to.equal(72 + 36 + 2048 + 24 + 4 * (4 + 4 + 8) + 4 * 3 + 4 * (4 + 4 + 8 + 3));
        loaded.dispose();
        compression.dispose();
      });
    }

    it('packs: the bridge is a model as any other', async () => {
      const compression = await compressed(spfqQuantize({bits: 4}), pack());
      expect(await difference(graph, compression.model, x)).to.be.below(0.5);
      const error = await exportGraph(
        compression,
        io.withSaveHandler(() => Promise.reject(new Error('nothing to save'))),
      ).catch((cause: unknown) => cause as Error);
      expect(error).to.have.property(
        'message',
        "exportGraph: expected a layer 'stem', a Conv2D, found none; export before pack()",
      );
      compression.dispose();
    });

    it('leaves the graph as it was, and no tensor behind: complete, error, unsubscribe', async () => {
      const [tensors, bytes] = [memory().numTensors, memory().numBytes];
      const before = await Promise.all(
        Object.values(graph.weights)
          .flat()
          .map((weight) => weight.data()),
      );
      (await compressed(spfqQuantize({bits: 2}), correct())).dispose();
      expect(memory().numTensors, 'complete').to.equal(tensors);
      expect(memory().numBytes, 'complete').to.equal(bytes);
      await errorOf(
        compressGraph(graph).pipe(
          calibrate(() => {
            throw new Error('no data');
          }),
          spfqQuantize(),
        ),
      );
      expect(memory().numTensors, 'error').to.equal(tensors);
      for (const afterEvents of [0, 1]) {
        const subscription = compressGraph(graph)
          .pipe(calibrate(x), spfqQuantize())
          .subscribe({
            next: () => {
              expect.fail('was cancelled');
            },
          });
        for (let i = 0; i < afterEvents; i++)
          await new Promise((resolve) => {
            setTimeout(resolve, 30);
          });
        subscription.unsubscribe();
        await untilTensors(tensors);
        expect(memory().numTensors, 'unsubscribe').to.equal(tensors);
      }
      expect(
        await Promise.all(
          Object.values(graph.weights)
            .flat()
            .map((weight) => weight.data()),
        ),
      ).to.deep.equal(before);
    });

    it('outlives the GraphModel', async () => {
      const own = await graphModel(convGraph());
      const compression = await lastValueFrom(compressGraph(own).pipe(calibrate(x), spfqQuantize({bits: 8})));
      own.dispose();
      const small = await toGraphModel(compression);
      expect(await difference(graph, compression.model, x)).to.be.below(1e-2);
      expect(await difference(compression.model, small, x)).to.be.below(1e-6);
      compression.dispose();
      small.dispose();
    });
  });
});
