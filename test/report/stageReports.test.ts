import {gzipSync} from 'node:zlib';
import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  magnitudePrune,
  optqQuantize,
  rtnQuantize,
  spfqCompress,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {packCodes, packLevels} from 'tfjs-compress/numerics';
import {onBackends} from '../support/backends/onBackends.ts';
import {quantizedLayers} from '../support/layers/quantizedLayers.ts';
import {causedTensor, masksOf, wideNetwork} from '../support/models/prunableNetworks.ts';
import {weightsOf} from '../support/models/smallNetworks.ts';

type Stage = OperatorFunction<Compression, Compression>;

onBackends(['wasm'], () => {
  describe('the report of pruned and corrected layers', () => {
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

    async function through(...stages: readonly Stage[]): Promise<Compression & {readonly weights: number[][]}> {
      const result = await lastValueFrom(
        stages.reduce((stream, stage) => stage(stream), compress(network).pipe(calibrate(x))),
      );
      const weights = await weightsOf(result.model);
      result.dispose();
      return {...result, weights};
    }

    it('a pruned layer packs one bit for each weight and float32 for each kept one', async () => {
      const {
        layers: [layer],
        report: {
          layers: [wide],
          size,
        },
        weights,
      } = await through(spfqPrune({sparsity: 0.6}));
      const packed = Buffer.concat([
        Buffer.from(packCodes(masksOf(layer), 1).buffer),
        Buffer.from(Float32Array.from(weights[0].filter((weight) => weight !== 0)).buffer),
      ]);
      // 396 weights: 13 words of mask, 158 kept
      expect(packed.length).to.equal(4 * 13 + 4 * 158);
      expect([wide.bytes, wide.levels, wide.effectiveBits, wide.granularity]).to.deep.equal([
        packed.length,
        2 ** 32,
        32,
        undefined,
      ]);
      expect(wide.gzipBytes).to.be.closeTo(gzipSync(packed).length, 2);
      expect(size).to.include({
        compressedWeights: 396,
        parameters: 460,
        bitsPerWeight: (8 * packed.length) / 396,
        bytesBefore: 1840,
        bytesAfter: packed.length + 4 * 64,
      });
    });

    for (const [name, stage, levels, numbers] of [
      ['spfqQuantize({bits: 3})', spfqQuantize({bits: 3}), 7, 12],
      ['spfqQuantize({bits: 1, symmetric: false})', spfqQuantize({bits: 1, symmetric: false}), 2, 24],
      [
        "spfqQuantize({bits: 'ternary', granularity: {group: 10}, symmetric: true})",
        spfqQuantize({bits: 'ternary', granularity: {group: 10}, symmetric: true}),
        3,
        48,
      ],
    ] as const) {
      it(`after ${name} a pruned layer packs its mask, kept codes, and ${numbers} steps and offsets`, async () => {
        const {
          layers,
          report: {layers: reports},
        } = await through(spfqPrune({sparsity: 0.6}), stage);
        const [
          {
            alphabet,
            matrices: [
              {
                codes,
                mask,
                scales: {steps, offsets},
              },
            ],
          },
        ] = quantizedLayers(layers);
        const kept = Array.from(codes)
          .filter((_, i) => mask?.[i] === 1)
          .map((code) => code - alphabet.lowest);
        const parts = [
          packLevels(kept, levels),
          Float32Array.from([...steps, ...(offsets ?? [])]),
          packCodes(masksOf(layers[0]), 1),
        ];
        expect(parts[1]).to.have.length(numbers);
        const packed = Buffer.concat(parts.map(({buffer}) => Buffer.from(buffer)));
        const wide = reports.find((layer) => layer.name === 'wide');
        expect([wide?.bytes, wide?.sparsity, wide?.offset]).to.deep.equal([
          packed.length,
          238 / 396,
          offsets !== undefined,
        ]);
        expect(wide?.gzipBytes).to.be.closeTo(gzipSync(packed).length, 2);
      });
    }

    it('as text: pruned share, pattern, float32 letters, best mask, dense layers, corrections, damping', async () => {
      const {report} = await through(
        spfqPrune({pattern: {n: 1, m: 3}, mask: 'magnitude'}),
        optqQuantize({bits: 4, exclude: 'wide'}),
        correct(),
      );
      const lines = report
        .toString()
        .replace(/\d+\.\d+/g, '#')
        .split('\n')
        .map((line) => line.replace(/ +/g, ' '));
      expect(lines[0]).to.equal('stages: spfqPrune → optqQuantize → correct, # s');
      expect(lines.find((line) => line.startsWith('wide Dense'))).to.match(
        /^wide Dense 33 × 12 float32 # # % 1:3 – # % – # % 0 90 none \d+$/,
      );
      expect(lines.find((line) => line.startsWith('scores Dense'))).to.match(
        /^scores Dense 12 × 4 15 # – channel # % # \/ \(#\) # % \d+ 90 reference \d+$/,
      );
      expect(lines).to.include('wide: mask by magnitude; error, and after the activation: # %, # % by magnitude');
      expect(lines).to.include('scores: damping #');
      expect(lines.filter((line) => line.includes(': correction'))).to.have.length(2);
      expect(lines).to.include(
        'spfqPrune left scores (Dense) as it is: the output layer stays dense, because zeros there starve single ' +
          'outputs; `include` overrides this',
      );
      expect(lines).to.include('optqQuantize left wide (Dense) as it is: in `exclude`');
    });

    it('stages that give the same reason share a line', async () => {
      const {report} = await through(rtnQuantize({include: 'wide'}), spfqQuantize({include: 'wide'}));
      expect(report.toString().split('\n')).to.include(
        'rtnQuantize, spfqQuantize left scores (Dense) as it is: not in `include`',
      );
    });

    it('says of a layer that spfqCompress quantized without pruning it why', async () => {
      const {report} = await through(spfqCompress({bits: 4}));
      expect(report.layers.map(({name, sparsity, choice}) => [name, sparsity, choice])).to.deep.equal([
        ['wide', 0.5, undefined],
        [
          'scores',
          0,
          'the output layer stays dense, because zeros there starve single outputs; `include` overrides this',
        ],
      ]);
      expect(report.toString()).to.match(/^scores: the output layer stays dense/m);
    });

    it('keeps through later stages what pruning found, counts time of all, and is finite as JSON', async () => {
      const pruned = await through(magnitudePrune());
      const {report} = await through(magnitudePrune(), spfqQuantize({bits: 2}), correct());
      expect(report.stages).to.deep.equal(['magnitudePrune', 'spfqQuantize', 'correct']);
      const wide = report.layers.find(({name}) => name === 'wide');
      expect(wide?.pruning).to.deep.equal(pruned.report.layers[0].pruning);
      expect(wide?.correction?.kept).to.be.a('boolean');
      expect(report.layers.every(({milliseconds}) => milliseconds > 0)).to.equal(true);
      JSON.stringify(report, (key, value: unknown) => {
        expect(value, key).not.to.equal(null);
        return value;
      });
      expect(JSON.parse(JSON.stringify(report))).to.deep.equal(JSON.parse(JSON.stringify(report.toJSON())));
    });
  });
});
