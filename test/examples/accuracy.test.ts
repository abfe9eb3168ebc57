import 'tfjs-compress/plugins/wasm';
import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import {promisify} from 'node:util';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {type AccuracyResult, keepResult, readResults} from '../../bench/accuracy/accuracyResults.ts';
import {type AccuracyRow, accuracyRows, titleOf} from '../../bench/accuracy/accuracyRows.ts';
import {accuracyTable} from '../../bench/accuracy/accuracyTable.ts';
import {measureAccuracy} from '../../bench/accuracy/measureAccuracy.ts';
import type {FashionMnist, LabelledImages} from '../../examples/fashion-mnist/data.ts';

const RUN = {model: 'tiny', samples: 64, seeds: 2, testImages: 50};

describe('npm run bench:accuracy', () => {
  let folder: string;
  let model: tf.LayersModel;
  let data: FashionMnist;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
    await tf.setBackend('wasm');
    model = tinyModel();
    data = {train: randomImages(100, 1), test: randomImages(RUN.testImages, 2)};
  });
  after(async () => {
    model.dispose();
    tf.dispose([data.train.x, data.train.y, data.test.x, data.test.y]);
    await rm(folder, {recursive: true});
  });

  // 1 + 7 methods × 5 widths + 5 methods × 4 kinds of zeros + 3 methods × 4 pairs.
  it('accuracyRows has every method at every setting, each under a title of its own', () => {
    expect(new Set(accuracyRows.map(titleOf)).size).to.equal(1 + 7 * 5 + 5 * 4 + 3 * 4);
    expect(accuracyRows).to.have.length(68);
  });

  it('titleOf says method, zeros and width', () => {
    expect(titleOf({method: 'a', setting: {}})).to.equal('a');
    expect(titleOf({method: 'a', setting: {bits: 1}})).to.equal('a, 1 bit');
    expect(titleOf({method: 'a', setting: {sparsity: 0.8, bits: 'ternary'}})).to.equal('a, 80 %, ternary');
    expect(titleOf({method: 'a', setting: {pattern: '2:4'}})).to.equal('a, 2:4');
  });

  it('measureAccuracy of the model as it is finds no error and float32 weights', async () => {
    const {accuracies, floatAccuracy, agreement, relativeError, bytes} = await measureAccuracy(
      rowOf('float'),
      model,
      data,
      RUN,
    );
    expect({accuracies, agreement, relativeError, bytes}).to.deep.equal({
      accuracies: [floatAccuracy],
      agreement: 1,
      relativeError: 0,
      bytes: 4 * model.countParams(),
    });
  });

  it('measureAccuracy runs once for each seed, and only once for a method that ignores data', async () => {
    expect((await measureAccuracy(rowOf('SPFQ of the paper, 4 bits'), model, data, RUN)).accuracies).to.have.length(2);
    expect((await measureAccuracy(rowOf('rtnQuantize, 4 bits'), model, data, RUN)).accuracies).to.have.length(1);
  });

  it('a method that ignores data has the same answers for every draw of images', async () => {
    for (const row of accuracyRows.filter(
      ({ignoresData, setting: {bits = 4, sparsity = 0.5}}) => ignoresData && bits === 4 && sparsity === 0.5,
    )) {
      const {relativeError} = await measureAccuracy(row, model, data, {samples: 64, seeds: 1});
      const again = await measureAccuracy(row, model, {...data, train: data.test}, {samples: 16, seeds: 1});
      expect(again.relativeError, titleOf(row)).to.equal(relativeError);
    }
  });

  it('every method makes the model smaller and leaves no tensor behind', async () => {
    const {numTensors} = tf.memory();
    const lastOfEach = new Map(accuracyRows.slice(1).map((row) => [row.method, row]));
    for (const row of lastOfEach.values()) {
      const {bytes, relativeError} = await measureAccuracy(row, model, data, {samples: 64, seeds: 1});
      expect(bytes, titleOf(row)).to.be.lessThan(4 * model.countParams());
      expect(relativeError, titleOf(row)).to.be.greaterThan(0);
    }
    expect(tf.memory().numTensors).to.equal(numTensors);
  });

  it('keepResult replaces the result of the same row and run, and adds any other at the end', () => {
    const file = join(folder, 'kept', 'accuracy.json');
    const first = resultOf([0.5]);
    const other = {...first, setting: {bits: 4} as const};
    const longer = {...first, run: {...RUN, seeds: 3}};
    const again = resultOf([0.75]);
    for (const result of [first, other, longer, again]) keepResult(file, result);
    expect(readResults(file)).to.deep.equal([again, other, longer]);
  });

  it('readResults of a file that is not there is empty', () => {
    expect(readResults(join(folder, 'none.json'))).to.deep.equal([]);
  });

  // Mean 0.75, half the range 0.125, float 0.875.
  it('accuracyTable shows mean, half the range and loss in points', () => {
    expect(cellsOf(accuracyTable([resultOf([0.625, 0.875, 0.75])]))[1]).to.deep.equal([
      'a',
      '3',
      '50 %',
      '75.00 % ± 12.50',
      '12.50',
      '1.50 %',
      '1.97 MB',
      '494 kB',
      '2.0',
    ]);
  });

  it('prints the rows that --only names, and with --missing measures only those that the file lacks', async () => {
    const file = join(folder, 'accuracy.json');
    await model.save(fileHandler(folder));
    keepResult(file, {
      ...resultOf([0.5]),
      method: 'rtnQuantize',
      setting: {bits: 'ternary'},
      run: {model: relative('.', folder), samples: 32, seeds: 1, testImages: 2000},
    });
    const options = [
      '--quick',
      '--samples',
      '32',
      '--model',
      folder,
      '--out',
      file,
      '--missing',
      '--only',
      'rtnQuantize',
      'ternary',
    ];
    const {stdout, stderr} = await promisify(execFile)('node', ['--import=tsx', 'bench/accuracy.ts', ...options]);
    expect(stderr.match(/\d\/\d.*(?=:)/g)).to.deep.equal([
      '1/2  magnitudePrune → rtnQuantize, 50 %, ternary',
      '2/2  magnitudePrune → rtnQuantize, 80 %, ternary',
    ]);
    expect(cellsOf(stdout).map((cells) => cells.slice(0, 3))).to.deep.equal([
      ['method', 'bits', 'sparsity'],
      ['rtnQuantize', 'ternary', '–'],
      ['magnitudePrune → rtnQuantize', 'ternary', '50 %'],
      ['magnitudePrune → rtnQuantize', 'ternary', '80 %'],
    ]);
  });
});

function rowOf(title: string): AccuracyRow {
  const row = accuracyRows.find((one) => titleOf(one) === title);
  if (!row) throw new Error(`expected a row '${title}'`);
  return row;
}

function resultOf(accuracies: readonly number[]): AccuracyResult {
  return {
    method: 'a',
    setting: {bits: 3, sparsity: 0.5},
    run: RUN,
    accuracies,
    floatAccuracy: 0.875,
    agreement: 1,
    relativeError: 0.015,
    bytes: 1_968_000,
    gzipBytes: 493_902,
    seconds: 2,
  };
}

/** The cells of a plain-text table, the head first. */
function cellsOf(table: string): string[][] {
  return table
    .split('\n')
    .filter((line) => line.includes('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** One layer of 56 features that may be pruned, 2:4 too, and an output layer. */
function tinyModel(): tf.LayersModel {
  const kernelInitializer = (seed: number) => tf.initializers.glorotNormal({seed});
  return tf.sequential({
    layers: [
      tf.layers.averagePooling2d({poolSize: [7, 2], inputShape: [28, 28, 1]}),
      tf.layers.flatten(),
      tf.layers.dense({units: 40, activation: 'relu', kernelInitializer: kernelInitializer(1)}),
      tf.layers.dense({units: 10, activation: 'softmax', kernelInitializer: kernelInitializer(2)}),
    ],
  });
}

function randomImages(count: number, seed: number): LabelledImages {
  return {
    x: tf.randomUniform([count, 28, 28, 1], 0, 1, 'float32', seed),
    y: tf.tidy(() =>
      tf
        .oneHot(
          tf.tensor1d(
            Int32Array.from({length: count}, (_, i) => i % 10),
            'int32',
          ),
          10,
        )
        .toFloat()
        .as2D(count, 10),
    ),
  };
}
