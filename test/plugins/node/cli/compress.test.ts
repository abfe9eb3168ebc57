import '@tensorflow/tfjs-backend-wasm';
import {readdir, readFile, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {loadPacked, type ReportData} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {type CliRun, runCli} from './runCli.ts';
import {digits, saveClassifier, saveCustom} from './savedModels.ts';
import {contentOf, temporaryFolder} from './temporaryFolder.ts';

/** What --json prints, as far as it is looked at here. */
interface Document {
  readonly report: ReportData;
  readonly size: {readonly before: number; readonly after: number};
  readonly outputs: {
    readonly format: string;
    readonly model: readonly {readonly path: string; readonly bytes: number}[];
    readonly report?: {readonly path: string; readonly bytes: number};
  };
  readonly calibration: {readonly samples: number; readonly skipped: readonly object[]};
  readonly seconds: number;
}

const calibrated = ['--calibrate', 'examples/data/train-images-idx3-ubyte.gz', '--samples', '64'];

describe('tfjs-compress <model>', () => {
  const at = temporaryFolder();
  before(async () => {
    await tf.setBackend('wasm');
    await saveClassifier(at('model'));
  });

  it('compresses the convnet of the example, which reloads and predicts as the original does', async () => {
    const {exitCode, stdout} = await runCli([
      'examples/models/fashion-convnet/model.json',
      ...calibrated,
      '--bits',
      '2',
      '--exclude',
      'dense1',
      '--out',
      at('convnet'),
    ]);
    expect(stdout)
      .to.match(/conv2 +Conv2D +65,536 +2\.00/)
      .and.match(/left dense1 as it is: in `exclude`/)
      .and.match(/times smaller/);
    expect([exitCode, await readdir(at('convnet'))]).to.deep.equal([0, ['model.json', 'weights.bin']]);
    const {stdout: quality} = await runCli([
      'evaluate',
      at('convnet'),
      '--data',
      digits.images,
      '--labels',
      digits.labels,
      '--samples',
      '500',
      '--against',
      'examples/models/fashion-convnet',
      '--json',
    ]);
    const {accuracy, against} = JSON.parse(quality) as {
      readonly accuracy: number;
      readonly against: {readonly accuracyBefore: number; readonly agreement: number};
    };
    expect(against.agreement).to.be.above(0.8);
    expect(accuracy).to.be.above(against.accuracyBefore - 0.1);
  });

  it('compresses the super-resolution model of @upscalerjs/esrgan-slim, calibrated on photos', async () => {
    const photos = 'node_modules/@vladmandic/face-api/demo';
    const {exitCode, stdout} = await runCli([
      'node_modules/@upscalerjs/esrgan-slim/models/x2',
      '--calibrate',
      photos,
      '--range',
      '0,255',
      '--size',
      '16x16',
      '--bits',
      '4',
      '--out',
      at('esrgan'),
      '--evaluate',
      photos,
      '--json',
    ]);
    const {report, size} = JSON.parse(stdout) as Document;
    expect(exitCode).to.equal(0);
    expect(report.layers).to.have.length(12);
    expect(report.evaluation?.relativeError).to.be.below(0.02);
    expect(size.before / size.after).to.be.above(7);
    const model = await loadPacked(fileHandler(at('esrgan')));
    expect(model.outputs[0].shape).to.deep.equal([null, null, null, 3]);
    model.dispose();
  });

  it('prunes, corrects, evaluates, writes a page and prints one JSON document, nothing else', async () => {
    const {exitCode, stdout} = await runCli([
      '--json',
      at('model'),
      ...calibrated,
      '--bits',
      'ternary',
      '--prune',
      '0.5',
      '--correct',
      '--seed',
      '7',
      '--out',
      at('new/small'),
      '--report',
      at('pages/report.html'),
      '--evaluate',
      digits.images,
      '--labels',
      digits.labels,
    ]);
    const {report, size, outputs, calibration} = JSON.parse(stdout) as Document;
    expect(exitCode).to.equal(0);
    expect(report.stages).to.deep.equal(['spfqPrune', 'spfqQuantize', 'correct', 'pack', 'evaluate']);
    expect(report.layers.map(({name, levels, sparsity}) => [name, levels, sparsity])).to.deep.equal([
      ['hidden', 3, 0.5],
      ['logits', 3, 0],
    ]);
    expect(report.evaluation?.samples).to.equal(2000);
    expect(report.evaluation?.accuracyAfter).to.be.within(0, 1);
    expect([calibration.samples, calibration.skipped]).to.deep.equal([64, []]);
    expect(outputs.model.map(({path}) => path)).to.deep.equal([
      at('new/small/model.json'),
      at('new/small/weights.bin'),
    ]);
    expect(size.after).to.equal(
      (await stat(at('new/small/model.json'))).size + (await stat(at('new/small/weights.bin'))).size,
    );
    expect(outputs.report?.path).to.equal(at('pages/report.html'));
    expect(await readFile(at('pages/report.html'), 'utf8'))
      .to.match(/^<!doctype html>/)
      .and.include('hidden');
    expect(await readdir(at('new'))).to.deep.equal(['small']);
    expect(await readdir(at('pages'))).to.deep.equal(['report.html']);
  });

  it('same seed, same files', async () => {
    const [first, second] = await Promise.all(
      ['first', 'second'].map(async (name) => {
        await runCli([at('model'), ...calibrated, '--bits', '3', '--seed', '5', '--out', at(name)]);
        return contentOf(at(name));
      }),
    );
    expect(first).to.deep.equal(second);
  });

  it('--prune alone prunes, by a pattern where one is named, and quantizes nothing', async () => {
    const {report} = documentOf(
      await runCli([at('model'), ...calibrated, '--prune', '3:7', '--out', at('pruned'), '--json']),
    );
    expect(report.stages).to.deep.equal(['spfqPrune', 'pack']);
    expect(report.layers.map(({name, levels, sparsity}) => [name, levels, sparsity.toFixed(4)])).to.deep.equal([
      ['hidden', 2 ** 32, '0.5714'],
    ]);
  });

  it('refuses at once what would leave every layer as it is, with the reasons', async () => {
    const {exitCode, stderr} = await runCli([at('model'), ...calibrated, '--prune', '2:4', '--out', at('pruned')]);
    expect(stderr).to.match(
      /got none: hidden \(Dense\): 49 features cannot be divided by the 4 of pattern 2:4; logits \(Dense\): the output/,
    );
    expect(exitCode).to.equal(1);
  });

  it('--format stock and float32 save what tf.loadLayersModel loads without this library', async () => {
    for (const [format, bytes] of [
      ['stock', 1888],
      ['float32', 4 * 1888],
    ] as const) {
      const {outputs} = documentOf(
        await runCli([at('model'), ...calibrated, '--format', format, '--out', at(format), '--json']),
      );
      expect(outputs.model.find(({path}) => path.endsWith('weights.bin'))?.bytes).to.equal(bytes + 4 * 42);
      const model = await tf.loadLayersModel(fileHandler(at(format)));
      const output = model.predict(tf.zeros([1, 28, 28, 1])) as tf.Tensor;
      expect(output.shape).to.deep.equal([1, 10]);
      model.dispose();
    }
  });

  it('replaces a model that is there with all its files, keeps others, and is quiet where asked', async () => {
    await saveClassifier(at('earlier'));
    const manifest = JSON.parse(await readFile(at('earlier/model.json'), 'utf8')) as {
      weightsManifest: {paths: string[]}[];
    };
    manifest.weightsManifest[0].paths = ['group1-shard1of1.bin'];
    await writeFile(at('earlier/model.json'), JSON.stringify(manifest));
    for (const name of ['group1-shard1of1.bin', 'labels.txt'])
      await writeFile(at(join('earlier', name)), 'here before');
    const {exitCode, stdout, stderr} = await runCli([at('model'), ...calibrated, '--out', at('earlier'), '--quiet']);
    expect([exitCode, stdout, stderr]).to.deep.equal([0, '', '']);
    expect(await readdir(at('earlier'))).to.deep.equal(['labels.txt', 'model.json', 'weights.bin']);
    (await loadPacked(fileHandler(at('earlier')))).dispose();
  });

  it('asks for --import where a layer is not known, and runs that module first', async () => {
    await saveCustom(at('custom'));
    const {exitCode, stderr} = await runCli(['inspect', at('custom')]);
    expect([exitCode, stderr.trim()]).to.deep.equal([
      1,
      `tfjs-compress: the model '${at('custom/model.json')}' has a layer 'Doubling' that tfjs does not know; ` +
        '--import <module> imports a module first, which registers it with tf.serialization.registerClass',
    ]);
    const {stdout} = await runCli(['inspect', at('custom'), '--import', './test/plugins/node/cli/doubling.ts']);
    expect(stdout).to.match(/doubling +Doubling +4 +0/);
  });

  it('--dry-run says what would be done, with and without data, and writes nothing', async () => {
    const before = await contentOf(at());
    const {exitCode, stdout} = await runCli([
      at('model'),
      '--dry-run',
      '--bits',
      '2',
      '--prune',
      '0.5',
      '--out',
      at('dry'),
    ]);
    expect(exitCode).to.equal(0);
    expect(stdout)
      .to.match(/hidden +Dense +1,568 +2\.00 +50\.00 %/)
      .and.match(/would leave logits as it is/)
      .and.match(/memory +about/);
    const {size} = documentOf(
      await runCli([at('model'), ...calibrated, '--dry-run', '--bits', '2', '--prune', '0.5', '--json']),
    );
    expect(size).to.include({compressedWeights: 1888, bytesBefore: 4 * 1930});
    expect(await contentOf(at())).to.deep.equal(before);
  });
});

function documentOf({stdout}: CliRun): Document {
  return JSON.parse(stdout) as Document;
}
