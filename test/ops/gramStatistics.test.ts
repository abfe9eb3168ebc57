import {memory, type Tensor3D, tensor3d} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import type {GramPair} from 'tfjs-compress/numerics';
import {createTaskRunner} from '../../src/numerics/task.ts';
import {GramStatistics} from '../../src/ops/gramStatistics.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {gaussians} from '../support/numerics/randomMatrices.ts';

const rows = 2500,
  features = 24; // more than four chunks of 512
/** Features from 1e-4 to 1e4. */
const scaleOf = (t: number) => 10 ** (-4 + (8 * (t % features)) / (features - 1));

/** Rows [problems][rows][features] in float32, with a common offset in every third feature. */
function inputs(problems: number, seed: number): number[][][] {
  const next = gaussians(seed);
  const row = () =>
    Array.from({length: features}, (_, t) => Math.fround(scaleOf(t) * (next() + (t % 3 === 0 ? 2 : 0))));
  return Array.from({length: problems}, () => Array.from({length: rows}, row));
}

const one = {shadow: inputs(1, 1), original: inputs(1, 2)};
const three = {shadow: inputs(3, 3), original: inputs(3, 4)};

onBackends(['cpu', 'wasm', 'webgpu'], (backend) => {
  describe('GramStatistics', () => {
    for (const [name, given] of Object.entries({'one problem': one, 'three problems': three})) {
      it(`equals float64 sums to 1e-5 of √(H_tt H_ss) on features from 1e-4 to 1e4: ${name}`, async () => {
        const pairs = await accumulated(given, [700, 1800]);
        expect(pairs).to.have.length(given.shadow.length);
        pairs.forEach((pair, p) => expectSums(pair, given.shadow[p], given.original[p]));
      });
    }

    it('has G = H and equal means where both networks share one tensor', async () => {
      const statistics = new GramStatistics();
      const shared = tensor3d(one.shadow);
      await statistics.add(shared, shared);
      shared.dispose();
      const [{gram, crossGram, mean, shadowMean}] = await statistics.take();
      expect(crossGram.data).to.deep.equal(gram.data);
      expect(mean).to.deep.equal(shadowMean);
      const [copied] = await accumulated({shadow: one.shadow, original: one.shadow}, [rows]);
      expect(gram.data).to.deep.equal(copied.gram.data);
      expect(crossGram.data).to.deep.equal(copied.crossGram.data);
    });

    it('has the same bits whatever the batches of the same rows are', async () => {
      const [whole] = await accumulated(one, [rows]);
      for (const sizes of [[1, 2499], [1023, 1, 1, 1475], [1024, 1024, 452], new Array<number>(50).fill(50)]) {
        const [pair] = await accumulated(one, sizes);
        expect(pair.gram.data).to.deep.equal(whole.gram.data);
        expect(pair.crossGram.data).to.deep.equal(whole.crossGram.data);
        expect(pair.mean).to.deep.equal(whole.mean);
        expect(pair.shadowMean).to.deep.equal(whole.shadowMean);
      }
    });

    it('has the same sums whatever the order of the rows', async () => {
      const reversed = {shadow: [one.shadow[0].slice().reverse()], original: [one.original[0].slice().reverse()]};
      const [pair] = await accumulated(reversed, [1000, 1500]);
      expectSums(pair, one.shadow[0], one.original[0]);
    });

    it('mixes batches of one tensor with batches of two', async () => {
      const statistics = new GramStatistics();
      const half = (values: number[][][], first: boolean) =>
        tensor3d([first ? values[0].slice(0, 1300) : values[0].slice(1300)]);
      const shared = half(one.shadow, true),
        shadow = half(one.shadow, false),
        original = half(one.original, false);
      await statistics.add(shared, shared);
      await statistics.add(shadow, original);
      for (const tensor of [shared, shadow, original]) tensor.dispose();
      const [pair] = await statistics.take();
      expectSums(pair, one.shadow[0], [...one.shadow[0].slice(0, 1300), ...one.original[0].slice(1300)]);
    });

    it('has a symmetric gram of one row', async () => {
      const [{gram, rows: count}] = await accumulated(
        {shadow: [one.shadow[0].slice(0, 1)], original: [one.original[0].slice(0, 1)]},
        [1],
      );
      expect(count).to.equal(1);
      for (let t = 0; t < features; t++)
        for (let s = 0; s < t; s++) expect(gram.data[t * features + s]).to.equal(gram.data[s * features + t]);
    });

    it('has every block of a layer too wide for one product', async () => {
      const wide = 1300,
        count = 5;
      const next = gaussians(5);
      const [shadow, original] = [0, 1].map(() =>
        Array.from({length: count}, () => Array.from({length: wide}, () => Math.fround(next()))),
      );
      const [pair] = await accumulated({shadow: [shadow], original: [original]}, [2, 3]);
      for (let i = 0; i < wide * wide; i += 37) {
        const t = Math.floor(i / wide),
          s = i % wide;
        expect(pair.gram.data[i]).to.be.closeTo(
          sumOf(shadow, (row) => row[t] * row[s]),
          1e-5,
        );
        expect(pair.crossGram.data[i]).to.be.closeTo(
          sumOf(shadow, (row, r) => row[t] * original[r][s]),
          1e-5,
        );
      }
      const statistics = new GramStatistics();
      const shared = tensor3d([shadow]);
      await statistics.add(shared, shared);
      shared.dispose();
      const [same] = await statistics.take();
      expect(same.gram.data).to.deep.equal(pair.gram.data);
      expect(same.crossGram.data).to.deep.equal(pair.gram.data);
    });

    it('refuses to give statistics of no rows', async () => {
      const refusal: unknown = await new GramStatistics().take().catch((error: unknown) => error);
      expect(refusal)
        .to.be.instanceOf(RangeError)
        .with.property('message', 'GramStatistics: expected at least one row, got none');
    });

    it('frees its tensors with take(), and with dispose() midway', async () => {
      const before = memory();
      await accumulated(three, [700, 1800]);
      expect(memory().numTensors).to.equal(before.numTensors);
      for (const added of [10, 1024, 2000, 2500]) {
        const statistics = new GramStatistics();
        await feed(statistics, one, [added]);
        statistics.dispose();
        statistics.dispose();
        expect(memory().numTensors).to.equal(before.numTensors);
      }
      if (backend !== 'webgpu') expect(memory().numBytes).to.equal(before.numBytes);
    });

    it('has a checkpoint between the products of a wide layer, each of at most 448 × 448 features', async () => {
      let checkpoints = 0;
      const statistics = new GramStatistics(
        createTaskRunner(async () => {
          checkpoints++;
        }),
      );
      const [shadow, original] = [1, 2].map((seed) =>
        tensor3d(Float32Array.from({length: 900}, gaussians(seed)), [1, 1, 900]),
      );
      await statistics.add(shadow, original);
      await statistics.take();
      expect(checkpoints).to.be.at.least(6 + 9); // of 3 × 3 blocks those of H on and below the diagonal, and all of G
      shadow.dispose();
      original.dispose();
    });

    it('leaves the tensors that it is given alive', async () => {
      const statistics = new GramStatistics();
      const shadow = tensor3d(one.shadow),
        original = tensor3d(one.original);
      await statistics.add(shadow, original);
      await statistics.take();
      expect([shadow.isDisposed, original.isDisposed]).to.deep.equal([false, false]);
      shadow.dispose();
      original.dispose();
    });
  });
});

interface Inputs {
  readonly shadow: number[][][];
  readonly original: number[][][];
}

async function accumulated(given: Inputs, sizes: readonly number[]): Promise<GramPair[]> {
  const statistics = new GramStatistics();
  await feed(statistics, given, sizes);
  return await statistics.take();
}

async function feed(statistics: GramStatistics, given: Inputs, sizes: readonly number[]): Promise<void> {
  let first = 0;
  for (const size of sizes) {
    const part = (values: number[][][]): Tensor3D =>
      tensor3d(values.map((problem) => problem.slice(first, first + size)));
    const shadow = part(given.shadow),
      original = part(given.original);
    await statistics.add(shadow, original);
    shadow.dispose();
    original.dispose();
    first += size;
  }
}

function expectSums(
  {gram, crossGram, mean, shadowMean, rows: count}: GramPair,
  shadow: number[][],
  original: number[][],
): void {
  expect(count).to.equal(shadow.length);
  const norms = (values: number[][]) =>
    Array.from({length: features}, (_, t) => Math.sqrt(values.reduce((sum, row) => sum + row[t] ** 2, 0)));
  const shadowNorms = norms(shadow),
    originalNorms = norms(original);
  for (let t = 0; t < features; t++) {
    expect(Math.abs(mean[t] * count - sumOf(original, (row) => row[t]))).to.be.at.most(
      1e-5 * Math.sqrt(count) * originalNorms[t],
    );
    expect(Math.abs(shadowMean[t] * count - sumOf(shadow, (row) => row[t]))).to.be.at.most(
      1e-5 * Math.sqrt(count) * shadowNorms[t],
    );
    for (let s = 0; s < features; s++) {
      const h = sumOf(shadow, (row) => row[t] * row[s]);
      const g = sumOf(shadow, (row, i) => row[t] * original[i][s]);
      expect(Math.abs(gram.data[t * features + s] - h)).to.be.at.most(1e-5 * shadowNorms[t] * shadowNorms[s]);
      expect(Math.abs(crossGram.data[t * features + s] - g)).to.be.at.most(1e-5 * shadowNorms[t] * originalNorms[s]);
    }
  }
}

function sumOf(values: number[][], of: (row: number[], i: number) => number): number {
  return values.reduce((sum, row, i) => sum + of(row, i), 0);
}
