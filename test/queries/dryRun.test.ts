import '@tensorflow/tfjs-backend-wasm';
import {memory} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import type {OperatorFunction} from 'rxjs';
import {
  type Compression,
  dryRun,
  type DryRunOptions,
  ModelError,
  OptionError,
  spfqPrune,
  spfqQuantize,
  type SpfqQuantizeOptions,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {bare, convnet, realRun} from './realRuns.ts';

onBackends(['wasm'], () => {
  describe('dryRun', () => {
    let model: LayersModel;
    before(() => {
      model = convnet();
    });
    after(() => model.dispose());

    const runs: ReadonlyArray<
      readonly [name: string, options: DryRunOptions, stages: ReadonlyArray<OperatorFunction<Compression, Compression>>]
    > = [
      ...([1, 2, 'ternary', 4, 8] as const).map(
        (bits) => [`bits: ${bits}`, {bits}, [spfqQuantize({bits, ...bare, sweeps: 1})]] as const,
      ),
      ...(['tensor', {group: 7}] satisfies Array<SpfqQuantizeOptions['granularity']>).map(
        (granularity) =>
          [
            `granularity: ${JSON.stringify(granularity)}`,
            {granularity},
            [spfqQuantize({granularity, ...bare})],
          ] as const,
      ),
      [
        'include and exclude',
        {include: [/s/], exclude: 'logits'},
        [spfqQuantize({...bare, include: [/s/], exclude: 'logits'})],
      ],
      ['sparsity: 0.3', {sparsity: 0.3}, [spfqPrune({sparsity: 0.3, mask: 'magnitude', iterations: 1})]],
      ['sparsity: 0', {sparsity: 0}, [spfqPrune({sparsity: 0, mask: 'magnitude', iterations: 1})]],
      [
        'sparsity: 0.7, bits: 2',
        {sparsity: 0.7, bits: 2},
        [spfqPrune({sparsity: 0.7, mask: 'magnitude', iterations: 1}), spfqQuantize({bits: 2, ...bare})],
      ],
      [
        "pattern: '2:4', bits: 4",
        {pattern: '2:4', bits: 4},
        [spfqPrune({pattern: '2:4', mask: 'magnitude', iterations: 1}), spfqQuantize({bits: 4, ...bare})],
      ],
      [
        'pattern 3 of 6 of a layer by name',
        {pattern: {n: 3, m: 6}, include: ['second']},
        [spfqPrune({pattern: {n: 3, m: 6}, include: ['second'], mask: 'magnitude', iterations: 1})],
      ],
      [
        'everything pruned by name',
        {sparsity: 0.5, include: /./},
        [spfqPrune({sparsity: 0.5, include: /./, mask: 'magnitude', iterations: 1})],
      ],
    ];
    for (const [name, options, stages] of runs) {
      it(`says of ${name} what the stages then do, to the byte`, async () => {
        const {size, layers: said, skipped, stages: names} = dryRun(model, {...options, samples: 32});
        const {report, dispose} = await realRun(model, 32, stages);
        dispose();
        const {gzipBytesAfter, ...real} = report.size;
        expect(gzipBytesAfter).to.be.above(0);
        expect(size).to.deep.equal(real);
        expect(names).to.deep.equal(report.stages);
        expect(skipped).to.deep.equal(report.skipped);
        expect(
          said.map((layer) => [
            layer.name,
            layer.className,
            layer.shape,
            layer.matrixCount,
            layer.letters ?? 2 ** 32,
            layer.pruned,
            layer.bytesAfter,
          ]),
        ).to.deep.equal(
          report.layers.map((layer) => [
            layer.name,
            layer.className,
            layer.shape,
            layer.matrixCount,
            layer.levels,
            Math.round(layer.sparsity * layer.shape[0] * layer.shape[1] * layer.matrixCount),
            layer.bytes,
          ]),
        );
      });
    }

    it('says why layers stay dense, and gives bytes of statistics and activations', () => {
      const {
        layers: [first, second, depthwise],
        peak,
      } = dryRun(model, {sparsity: 0.5, bits: 4, samples: 64});
      expect(first).to.include({
        name: 'first',
        letters: 15,
        pruned: 0,
        weights: 144,
        statistics: 8 * (2 * 9 * 9 + 2 * 9),
      });
      expect(first.keepDenseReason).to.contain('9 features, fewer than 32, stay dense');
      expect(first.activations).to.equal(4 * 64 * 144);
      expect(second).to.include({pruned: 1152, keepDenseReason: undefined});
      expect(depthwise).to.include({matrixCount: 16, statistics: 16 * 8 * (2 * 9 * 9 + 2 * 9)});
      expect(peak.models).to.equal(3 * 4 * model.countParams());
    });

    it('is printed as a table and given as plain data', () => {
      const report = dryRun(model, {sparsity: 0.5, bits: 2});
      const text = String(report);
      expect(text).to.match(
        /^dry run: spfqPrune → spfqQuantize, 4096 samples of 12×12×1\nlayer +type +shape +letters +pruned/,
      );
      expect(text).to.match(/\nsecond +Conv2D +144 × 16 +4 +50\.0 % +9\.22 kB/);
      expect(text).to.contain('\nspfqQuantize would leave norm (BatchNormalization) as it is: has no weight matrix');
      expect(text).to.match(/\nmemory: about .* of tensors/);
      expect(JSON.parse(JSON.stringify(report))).to.have.keys(
        'stages',
        'inputShapes',
        'samples',
        'layers',
        'skipped',
        'size',
        'peak',
      );
    });

    it('of a model of any size takes no tensor and no time', () => {
      const large = sequential({
        layers: [
          layers.dense({inputShape: [3000], units: 6000, kernelInitializer: 'zeros', name: 'wide'}),
          layers.dense({units: 1000, kernelInitializer: 'zeros'}),
        ],
      });
      const [before, began] = [memory(), performance.now()];
      const {
        layers: [wide],
      } = dryRun(large);
      expect(performance.now() - began).to.be.below(1000);
      expect(memory()).to.deep.include({numTensors: before.numTensors, numBytes: before.numBytes});
      expect(wide).to.include({weights: 18e6, statistics: 8 * (2 * 3000 ** 2 + 2 * 3000)});
      large.dispose();
    });

    it('takes 128 for open axes, or the shapes that it is given', () => {
      const open = sequential({
        layers: [
          layers.conv2d({inputShape: [null, null, 3], filters: 8, kernelSize: 3, padding: 'same'}),
          layers.conv2d({filters: 3, kernelSize: 3}),
        ],
      });
      expect(dryRun(open).inputShapes).to.deep.equal([[128, 128, 3]]);
      const [small, larger] = [32, 64].map(
        (side) => dryRun(open, {inputShapes: [[side, side, 3]], samples: 32}).layers[0].activations,
      );
      expect(larger).to.equal(4 * small);
      expect(() => dryRun(open, {inputShapes: [[32, 32, 1]]})).to.throw(
        OptionError,
        'expected `inputShapes` to be one shape for each input',
      );
      expect(() => dryRun(open, {inputShapes: [[32, 32, 3], [1]]})).to.throw(OptionError);
      open.dispose();
    });

    it('takes any number of samples; what memory keeps no more changes nothing', () => {
      const [many, more] = [1e9, 1e15].map((samples) => dryRun(model, {samples, memory: 2 ** 24}));
      expect(more.layers.map(({activations}) => activations)).to.deep.equal(
        many.layers.map(({activations}) => activations),
      );
      for (const {activations} of more.layers) expect(activations).to.be.within(2 ** 23, 2 ** 24);
    });

    it('refuses what the stages refuse', () => {
      expect(() => dryRun(model, {bits: 9 as 8})).to.throw(
        OptionError,
        "dryRun: expected `bits` to be an integer from 1 to 8 or 'ternary', got 9",
      );
      expect(() => dryRun(model, {sparsity: 1})).to.throw(OptionError, '`sparsity`');
      expect(() => dryRun(model, {sparsity: 0.5, pattern: '2:4'})).to.throw(OptionError, '`sparsity`');
      expect(() => dryRun(model, {bit: 4} as DryRunOptions)).to.throw(OptionError, '`bits` is meant?');
      expect(() => dryRun(model, {include: 'nowhere'})).to.throw(ModelError, "expected a layer named 'nowhere'");
      expect(() => dryRun(model, {exclude: /./})).to.throw(
        ModelError,
        'expected a model with at least one layer to compress',
      );
      expect(() => dryRun(model, {pattern: '2:4', include: 'first'})).to.throw(
        ModelError,
        'expected features that the 4 of pattern 2:4 divides, got 9',
      );
      expect(() => dryRun(sequential())).to.throw(ModelError, 'expected a built model');
      expect(() => dryRun({} as LayersModel)).to.throw(ModelError, 'expected a tf.LayersModel');
    });
  });
});
