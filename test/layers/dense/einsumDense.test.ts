import {dispose, randomNormal, reshape, type Tensor} from '@tensorflow/tfjs-core';
import {layers, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, pack, spfqQuantize} from 'tfjs-compress';
import {type Matrix, matrix} from 'tfjs-compress/numerics';
import {einsumEquation} from '../../../src/layers/dense/einsumEquation.ts';
import {kernelsOf} from '../../../src/layers/registry.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {describeCompressed} from '../../support/layers/describeCompressed.ts';
import type {Numbers} from '../../support/layers/layerCase.ts';
import {built, expectColumnsToGiveOutputs, expectMatricesToRoundTrip} from '../../support/layers/layerColumns.ts';
import {attentionLayers, type EinsumDenseArgs} from '../../support/models/attentionLayers.ts';
import {relativeDifference} from '../../support/models/packedModels.ts';
import {gaussianTensor, predictionsOf, randomize} from '../../support/models/smallNetworks.ts';

const {EinsumDense} = await attentionLayers();

interface Equation extends EinsumDenseArgs {
  /** Of an input, without the batch. */
  readonly shape: readonly number[];
  /** Axes of positions, features and neurons, in the orders that the adapter promises. */
  readonly axes: readonly [string, string, string];
}

const EQUATIONS: readonly Equation[] = [
  {equation: 'ab,bc->ac', shape: [6], outputShape: 4, biasAxes: 'c', axes: ['a', 'b', 'c']},
  {
    equation: 'abc,cd->abd',
    shape: [3, 6],
    outputShape: [3, 4],
    biasAxes: 'd',
    activation: 'relu',
    axes: ['ab', 'c', 'd'],
  },
  {equation: 'abc,cde->abde', shape: [3, 6], outputShape: [3, 2, 5], biasAxes: 'de', axes: ['ab', 'c', 'de']},
  {equation: 'abcd,cde->abe', shape: [2, 3, 4], outputShape: [2, 5], biasAxes: 'e', axes: ['ab', 'cd', 'e']},
  {equation: 'abcd,dec->abe', shape: [2, 3, 4], outputShape: [2, 5], axes: ['ab', 'dc', 'e']},
  {equation: 'abc,edc->abde', shape: [3, 6], outputShape: [3, 2, 5], biasAxes: 'e', axes: ['ab', 'c', 'de']},
  {equation: 'abc,cd->adb', shape: [3, 6], outputShape: [4, 3], biasAxes: 'd', axes: ['ab', 'c', 'd']},
  {
    equation: 'abc,dbe->adce',
    shape: [3, 6],
    outputShape: [2, 6, 4],
    biasAxes: 'de',
    activation: 'tanh',
    axes: ['ac', 'b', 'de'],
  },
];

// wasm of tfjs 4.22 has no einsum.
onBackends(['cpu'], () => {
  for (const {shape, axes, ...args} of EQUATIONS) {
    const {equation} = args;
    describeCompressed({
      name: `EinsumDense ${equation}${args.biasAxes ? ` + ${args.biasAxes}` : ''}`,
      layer: ({name}) => new EinsumDense({...args, name}),
      shape,
      columns: (input) => [[columnsOf(equation.slice(0, equation.indexOf(',')), input, axes)]],
    });
  }

  describe('EinsumDense', () => {
    for (const {
      shape,
      axes: [positions, , neurons],
      equation,
      ...args
    } of EQUATIONS) {
      if (!equation.endsWith(`>${positions}${neurons}`) || args.activation) continue;
      it(`has columns that give its outputs: ${equation}`, async () => {
        const layer = built(new EinsumDense({equation, ...args}), [2, ...shape]);
        const input = randomNormal([2, ...shape]);
        if (args.biasAxes === undefined || args.biasAxes === neurons)
          await expectColumnsToGiveOutputs(flat(layer), input);
        await expectMatricesToRoundTrip(layer);
        dispose([input, ...layer.getWeights()]);
      });
    }

    it('moves a bias that has a number for each neuron, in their order, and no other', () => {
      const biases = EQUATIONS.map(({shape, equation, outputShape, biasAxes}) => {
        const layer = built(new EinsumDense({equation, outputShape, ...(biasAxes && {biasAxes})}), [2, ...shape]);
        const [{kernel}] = kernelsOf(layer);
        const found = kernel.bias;
        dispose(layer.getWeights());
        return found;
      });
      expect(biases).to.deep.equal([1, 1, 1, 1, undefined, undefined, 1, 1]);
    });

    for (const [equation, reason] of [
      ['abc,bcd->abd', "its equation 'abc,bcd->abd' has a kernel for each place along 'b'"],
      ['...b,bc->...c', "its equation '...b,bc->...c' is not of the form input,kernel->output in letters alone"],
      ['aab,bc->ac', "its equation 'aab,bc->ac' has an axis twice in 'aab'"],
      ['ab,bc->ca', "its equation 'ab,bc->ca' does not keep the batch 'a' in front"],
      ['abc,cd->ad', "its equation 'abc,cd->ad' sums 'b' of the input alone"],
      ['ab,ac->bc', "its equation 'ab,ac->bc' does not keep the batch 'a' in front"],
    ]) {
      it(`is left as it is where its kernel is no matrix: ${equation}`, () => {
        expect(einsumEquation(equation)).to.equal(reason);
      });
    }

    it('that is left as it is does not keep others from being compressed', async () => {
      const network = sequential({
        layers: [
          layers.dense({name: 'before', units: 6, inputShape: [3, 6]}),
          new EinsumDense({name: 'places', equation: 'abc,bcd->abd', outputShape: [3, 4]}),
          layers.dense({name: 'last', units: 2}),
        ],
      });
      const x = gaussianTensor([8, 3, 6], 1);
      const {report, dispose: free} = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({samples: 1})),
      );
      expect(report.layers.map(({name}) => name)).to.deep.equal(['before', 'last']);
      expect(report.skipped).to.deep.equal([
        {
          stage: 'spfqQuantize',
          name: 'places',
          className: 'EinsumDense',
          reason: "its equation 'abc,bcd->abd' has a kernel for each place along 'b'",
        },
      ]);
      free();
      network.dispose();
      x.dispose();
    });

    it('is computed from packed weights', async () => {
      for (const {shape, equation, outputShape, biasAxes, activation} of EQUATIONS) {
        const args = {equation, outputShape, ...(biasAxes && {biasAxes}), ...(activation && {activation})};
        const network = sequential({
          layers: [new EinsumDense({...args, name: 'layer', ...{batchInputShape: [null, ...shape]}})],
        });
        randomize(network, 3);
        const x = gaussianTensor([9, ...shape], 4);
        const decoded = await lastValueFrom(compress(network).pipe(calibrate(x), spfqQuantize({samples: 1})));
        const expected = await predictionsOf(decoded.model, x);
        decoded.dispose();
        const small = await lastValueFrom(
          compress(network).pipe(calibrate(x), spfqQuantize({samples: 1}), pack({selfCheck: true})),
        );
        expect(small.report.packing?.layers.map(({route}) => route)).to.deep.equal(['packed']);
        expect(small.report.packing?.selfCheck?.layers.map(({passed}) => passed)).to.deep.equal([true]);
        expect(small.model.outputShape).to.deep.equal(network.outputShape);
        expect(relativeDifference(expected, await predictionsOf(small.model, x)), equation).to.be.below(1e-5);
        small.dispose();
        network.dispose();
        x.dispose();
      }
    });
  });
});

/** Rows of X from the definition: positions in the order of the input, features in that of the kernel. */
function columnsOf(
  letters: string,
  {shape, data}: Numbers,
  [positions, features]: readonly [string, string, string],
): Matrix {
  const lengths = (axes: string): number[] => Array.from(axes, (axis) => shape[letters.indexOf(axis)]);
  const placeIn = (axes: string, at: ReadonlyMap<string, number>): number =>
    Array.from(axes).reduce((place, axis) => place * shape[letters.indexOf(axis)] + (at.get(axis) ?? 0), 0);
  const size = (axes: string): number => lengths(axes).reduce((product, length) => product * length, 1);
  const columns = matrix(size(positions), size(features));
  data.forEach((value, i) => {
    let left = i;
    const at = new Map(
      Array.from(letters)
        .reverse()
        .map((axis) => {
          const length = shape[letters.indexOf(axis)];
          const index = left % length;
          left = Math.floor(left / length);
          return [axis, index] as const;
        }),
    );
    columns.data[placeIn(positions, at) * columns.columns + placeIn(features, at)] += value;
  });
  return columns;
}

/** A layer whose outputs have all their neurons on one axis. */
function flat(layer: layers.Layer): layers.Layer {
  const [{kernel}] = kernelsOf(layer);
  const neurons = kernel.neurons(layer.getWeights()[0].shape);
  const apply = layer.apply.bind(layer);
  layer.apply = (input) => {
    const output = apply(input) as Tensor;
    const flattened = reshape(output, [output.size / neurons, neurons]);
    output.dispose();
    return flattened;
  };
  return layer;
}
