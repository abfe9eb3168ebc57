import 'tfjs-compress/plugins/wasm';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {accuracyOf} from '../../bench/models/classifier.ts';
import {createMobileNet} from '../../bench/models/createMobileNet.ts';
import {createResidualCnn} from '../../bench/models/createResidualCnn.ts';
import {createTransformer} from '../../bench/models/createTransformer.ts';
import {subjectAndBody} from '../../bench/models/emails.ts';
import {modelBenches} from '../../bench/models/index.ts';
import {keepModelRow, readModelRows} from '../../bench/models/modelResults.ts';
import {isMet, type ModelRow, settingOf} from '../../bench/models/modelRow.ts';
import {modelTable, rowLine} from '../../bench/models/modelTable.ts';
import {middleOf, squaresOf} from '../../bench/models/photos.ts';
import {psnr} from '../../bench/models/psnr.ts';
import {sumOfTiles} from '../../bench/models/tileGradient.ts';
import {Vocabulary, wordsOf} from '../../bench/models/vocabulary.ts';

const ROW: ModelRow = {
  model: 'a',
  method: 'b',
  setting: '4 bits',
  measure: 'dB',
  values: [40, 41, 45],
  aim: {least: 42},
  seconds: 12.34,
};

describe('npm run bench:models', () => {
  before(() => tf.setBackend('cpu'));

  it('every model has a name of its own', () => {
    expect(new Set(modelBenches.map(({name}) => name)).size).to.equal(modelBenches.length);
  });

  describe('psnr', () => {
    it('is 20 log₁₀(peak / error) where every error is the same', () => {
      expect(psnr(Float32Array.of(10, 20), Float32Array.of(12.55, 17.45))).to.be.closeTo(40, 1e-5); // 255 / 2.55 = 10²
      expect(psnr(Float32Array.of(0), Float32Array.of(0.1), 1)).to.be.closeTo(20, 1e-5);
    });

    it('is infinite without an error, and refuses another number of values', () => {
      expect(psnr(Float32Array.of(1, 2), Float32Array.of(1, 2))).to.equal(Infinity);
      expect(() => psnr(Float32Array.of(1, 2), Float32Array.of(1))).to.throw(
        'psnr: expected as many values, got 2 and 1',
      );
    });
  });

  describe('rows', () => {
    it('are met by their mean', () => {
      expect(isMet(ROW)).to.equal(true); // (40 + 41 + 45) / 3 = 42
      expect(isMet({values: [1], aim: {most: 0.99}})).to.equal(false);
      expect(isMet({values: [1]})).to.equal(undefined);
    });

    it('say mean, half range and aim', () => {
      expect(rowLine(ROW)).to.equal('a, b, 4 bits: dB 42.00 ± 2.50, aim ≥ 42: yes, 12.3 s');
      expect(modelTable([ROW])).to.match(/│ a +│ +b │ +4 bits │ +dB │ +42\.00 │ +2\.50 │ +≥ 42 │ +yes │ +12\.3 │/);
    });

    it('name widths', () => {
      expect([settingOf(4), settingOf(1), settingOf('ternary')]).to.deep.equal(['4 bits', '1 bit', 'ternary']);
    });

    it('take the place of those of the same model, method, setting and measure in their file', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
      const file = join(folder, 'results/models.json');
      const other = {...ROW, setting: '3 bits'};
      for (const row of [ROW, other, {...ROW, values: [7]}]) keepModelRow(file, row);
      expect(readModelRows(file)).to.deep.equal([{...ROW, values: [7]}, other]);
      await rm(folder, {recursive: true});
    });
  });

  describe('words', () => {
    it('are lower case; numbers are one word, money and exclamation marks words', () => {
      expect(wordsOf("WIN $1,000 now! Don't")).to.deep.equal(['win', '$', '0', '0', 'now', '!', "don't"]);
    });

    it('get numbers by their frequency, 1 is unknown and 0 comes before a short text', () => {
      const vocabulary = new Vocabulary(['b b a', 'c a b d'], 4); // b 3 times, a twice
      expect(vocabulary.encode('a b c', 5)).to.deep.equal([0, 0, 3, 2, 1]);
      expect(vocabulary.encode('b a b a', 2)).to.deep.equal([2, 3]);
    });

    it('of an email are its subject and body, without headers, tags and attachments', () => {
      const message = `From: a\nSubject: Hello\nTo: b\n\n<p class="x">Some <b>text</b></p>\n${'A'.repeat(76)}\nend`;
      expect(wordsOf(subjectAndBody(message))).to.deep.equal(['hello', 'some', 'text', 'end']);
    });
  });

  describe('photos', () => {
    it('squaresOf cuts rows of squares, each pixel the mean of its part', async () => {
      const photo = tf.tile<tf.Tensor3D>(tf.reshape(tf.range(0, 24), [4, 6, 1]), [1, 1, 3]);
      const squares = squaresOf(photo, 1, 2);
      expect(squares.shape).to.deep.equal([6, 1, 1, 3]);
      // Pixels 0, 1, 6, 7 have mean 3.5; two to the right 5.5; two rows below 12 more.
      expect((await squares.array()).map(([[[red]]]) => red)).to.deep.equal([3.5, 5.5, 7.5, 15.5, 17.5, 19.5]);
      const [first] = await squaresOf(photo, 2, 1).array();
      expect(first.map((row) => row.map(([red]) => red))).to.deep.equal([
        [0, 1],
        [6, 7],
      ]);
    });

    it('middleOf leaves as much on both sides, and refuses a photo that is too small', async () => {
      const photo = tf.tile<tf.Tensor3D>(tf.reshape(tf.range(0, 16), [4, 4, 1]), [1, 1, 3]);
      const [middle] = await middleOf(photo, 2).array();
      expect(middle.map((row) => row.map(([red]) => red))).to.deep.equal([
        [5, 6],
        [9, 10],
      ]);
      expect(() => middleOf(photo, 5)).to.throw('middleOf: expected at least 5 × 5 pixels, got 4 × 4');
    });
  });

  it('sumOfTiles is the gradient of a tile: every copy counts', async () => {
    const dy = tf.reshape(tf.range(0, 2 * 2 * 3 * 4), [2 * 2, 3 * 4]);
    const sums = sumOfTiles(dy, [2, 3], [2, 4]);
    // dx[i, j] = Σ_{p < 2, q < 4} dy[2p + i, 3q + j], where dy[y, x] = 12y + x.
    const expected = [0, 1].map((i) =>
      [0, 1, 2].map((j) =>
        [0, 1]
          .flatMap((p) => [0, 1, 2, 3].map((q) => 12 * (2 * p + i) + 3 * q + j))
          .reduce((sum, value) => sum + value),
      ),
    );
    expect(await sums.array()).to.deep.equal(expected);
  });

  it('accuracyOf counts the samples whose answer is right', async () => {
    const model = tf.sequential({layers: [tf.layers.activation({inputShape: [3], activation: 'linear'})]});
    const answers = tf.tensor2d([
      [0.2, 0.5, 0.3],
      [1, 0, 0],
      [0, 0.4, 0.6],
      [0, 1, 0],
    ]);
    const targets = tf.tensor2d([
      [0, 1, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 0],
    ]);
    expect(await accuracyOf(model, {x: answers, y: targets})).to.equal(0.75);
  });

  for (const [create, parameters, kinds] of [
    [createMobileNet, 2_585_920, {Conv2D: 35, DepthwiseConv2D: 17, Dense: 1}],
    [createResidualCnn, 78_426, {Conv2D: 9, Add: 3, Dense: 1}],
    [
      createTransformer,
      41_578,
      {Dense: 2 + 2 * (3 * 3 + 1 + 2), Dot: 2 * 3 * 2, Add: 4, AddPositions: 1, LayerNormalization: 5},
    ],
  ] as const) {
    it(`${create.name} has ${parameters} parameters and ${JSON.stringify(kinds)}`, () => {
      const model = create();
      expect(model.countParams()).to.equal(parameters);
      for (const [kind, count] of Object.entries(kinds))
        expect(
          model.layers.filter((layer) => layer.getClassName() === kind),
          kind,
        ).to.have.length(count);
      model.dispose();
    });
  }
});
