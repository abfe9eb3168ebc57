import {type Tensor} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {type CompressedLayer, type Compression, type LetterHistogram, letterHistograms} from 'tfjs-compress';

/**
 * The place of every weight of a Dense or depthwise layer among the steps of its letters, and whether it is kept:
 * counted another way than by the library.
 */
function placesOf(
  kernel: ArrayLike<number>,
  {matrices, ...record}: CompressedLayer,
): Array<{value: number; weight: number; isKept: boolean}> {
  return matrices.flatMap((matrix, p) =>
    Array.from({length: matrix.features * matrix.neurons}, (_, i) => {
      const [t, n] = [Math.floor(i / matrix.neurons), i % matrix.neurons];
      const weight = kernel[(t * matrices.length + p) * matrix.neurons + n];
      const isKept = matrix.mask?.[i] !== 0;
      if (record.kind === 'pruned' || !('scales' in matrix)) return {value: weight, weight, isKept};
      const {groupSize, neurons, steps, offsets} = matrix.scales;
      const scale = Math.floor(t / groupSize) * neurons + n;
      return {value: (weight - (offsets?.[scale] ?? 0)) / steps[scale], weight, isKept};
    }),
  );
}

function within({bins}: LetterHistogram, values: readonly number[]): number[] {
  return bins.map(
    ({from, to}, b) =>
      values.filter((value) => (b === 0 || value >= from) && (b === bins.length - 1 || value < to)).length,
  );
}

function requireLetters({letters, unit, weights, prunedShare}: LetterHistogram, record: CompressedLayer): void {
  if (record.kind === 'pruned') {
    expect(letters).to.deep.equal([]);
    return;
  }
  const {
    alphabet: {levels, lowest, shift},
    matrices,
  } = record;
  const kept = matrices.flatMap(({codes, mask}) => Array.from(codes).filter((_, i) => mask?.[i] !== 0));
  const {
    steps: [step],
    offsets,
  } = matrices[0].scales;
  expect(letters).to.have.length(levels);
  letters.forEach(({level, share}, i) => {
    expect(level).to.be.closeTo(
      unit === 'step' ? lowest + i + shift : step * (lowest + i + shift) + (offsets?.[0] ?? 0),
      1e-12,
    );
    expect(share).to.equal(kept.filter((code) => code === lowest + i).length / weights);
  });
  expect(letters.reduce((sum, {share}) => sum + share, prunedShare)).to.be.closeTo(1, 1e-12);
}

export function kernelOf(network: LayersModel, name: string): Tensor {
  const all = network.layers.flatMap((layer) => ('layers' in layer ? (layer as LayersModel).layers : [layer]));
  const [kernel] = all.find((layer) => layer.name === name)?.getWeights() ?? [];
  return kernel;
}

/** Compares everything of every histogram with counts over plain arrays. */
export async function requireTrue(
  {original, layers: records, ...compression}: Compression,
  bins: number,
): Promise<readonly LetterHistogram[]> {
  const histograms = await letterHistograms({original, layers: records, ...compression}, {bins});
  expect(histograms.map(({name}) => name)).to.deep.equal(records.map(({name}) => name));
  for (const [i, histogram] of histograms.entries()) {
    const kernel = await kernelOf(original, records[i].name).data();
    const places = placesOf(kernel, records[i]).map(({value, weight, isKept}) => ({
      value: histogram.unit === 'weight' ? weight : value,
      isKept,
    }));
    const pruned = places.filter(({isKept}) => !isKept);
    expect(histogram.bins.length).to.be.at.most(bins).and.greaterThan(1);
    histogram.bins.slice(1).forEach(({from}, b) => {
      expect(from).to.be.closeTo(histogram.bins[b].to, 1e-12);
    });
    expect(histogram.weights).to.equal(kernel.length);
    expect(histogram.bins.map(({original: count}) => count)).to.deep.equal(
      within(
        histogram,
        places.map(({value}) => value),
      ),
    );
    expect(histogram.bins.map((bin) => bin.pruned)).to.deep.equal(
      within(
        histogram,
        pruned.map(({value}) => value),
      ),
    );
    expect(histogram.prunedShare).to.equal(pruned.length / kernel.length);
    expect(histogram.bins.reduce((sum, bin) => sum + bin.compressed, 0)).to.equal(kernel.length - pruned.length);
    requireLetters(histogram, records[i]);
  }
  return histograms;
}
