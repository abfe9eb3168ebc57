import '@tensorflow/tfjs-backend-wasm';
import {copyFile, mkdir, writeFile} from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {loadFashionMnist} from '../../../../examples/fashion-mnist/data.ts';
import {runCli} from './runCli.ts';
import {digits, saveClassifier, saveFilter} from './savedModels.ts';
import {temporaryFolder} from './temporaryFolder.ts';

const photos = 'node_modules/@vladmandic/face-api/demo';

describe('tfjs-compress evaluate', () => {
  const at = temporaryFolder();
  before(async () => {
    await tf.setBackend('wasm');
    await saveClassifier(at('model'));
    await saveFilter(at('filter'));
    await runCli([at('model'), '--calibrate', digits.images, '--samples', '64', '--bits', '8', '--out', at('small')]);
    await runCli([at('filter'), '--calibrate', photos, '--size', '16x16', '--bits', '8', '--out', at('smallFilter')]);
  });

  it('prints the share of test images whose class the model finds', async () => {
    const {train, test} = await loadFashionMnist();
    const model = await tf.loadLayersModel(fileHandler(at('model')));
    const right = tf.tidy(() =>
      tf.mean(tf.cast(tf.equal(tf.argMax(model.predict(test.x) as tf.Tensor, 1), tf.argMax(test.y, 1)), 'float32')),
    );
    const [expected] = await right.data();
    const {exitCode, stdout} = await runCli([
      'evaluate',
      at('model'),
      '--data',
      digits.images,
      '--labels',
      digits.labels,
    ]);
    tf.dispose([train, test, right].map((held) => (held instanceof tf.Tensor ? held : [held.x, held.y])));
    model.dispose();
    expect([exitCode, stdout.trim().split(': ')[1]]).to.deep.equal([
      0,
      `accuracy ${(100 * expected).toFixed(2)} % on 2,000 samples`,
    ]);
  });

  it('--against adds agreement and output error of a packed model', async () => {
    const {stdout} = await runCli([
      'evaluate',
      at('small'),
      '--data',
      digits.images,
      '--labels',
      digits.labels,
      '--against',
      at('model'),
      '--json',
    ]);
    const {samples, accuracy, against} = JSON.parse(stdout) as {
      readonly samples: number;
      readonly accuracy: number;
      readonly against: Readonly<Record<string, number>>;
    };
    expect([samples, accuracy]).to.deep.equal([2000, against['accuracyAfter']]);
    expect(against['agreement']).to.be.above(0.95);
    expect(against['relativeError']).to.be.within(1e-6, 0.02);
  });

  it('--against needs no labels, and speaks of answers only where there are any', async () => {
    const {exitCode, stdout} = await runCli([
      'evaluate',
      at('smallFilter'),
      '--data',
      photos,
      '--size',
      '16x16',
      '--against',
      at('filter'),
    ]);
    expect([exitCode, /: output error 0\.\d+ %, on 9 samples\n/.test(stdout)]).to.deep.equal([0, true]);
  });

  it('sub-folders of images are classes', async () => {
    await saveClassOf(at('two'));
    for (const [index, name] of ['cat', 'dog'].entries()) {
      await mkdir(at(`classes/${name}`), {recursive: true});
      for (const i of [1, 2]) await copyFile(`${photos}/sample${2 * index + i}.jpg`, at(`classes/${name}/${i}.jpg`));
    }
    await writeFile(at('classes/.DS_Store'), 'hidden');
    await mkdir(at('classes/.cache'));
    await copyFile(`${photos}/sample1.jpg`, at('classes/.cache/1.jpg'));
    const {stdout} = await runCli(['evaluate', at('two'), '--data', at('classes')]);
    expect(stdout).to.match(/accuracy 50\.00 % on 4 samples/); // it says the first class of all
  });

  it('refuses inputs without labels and without --against: nothing could be measured', async () => {
    const {exitCode, stdout, stderr} = await runCli(['evaluate', at('model'), '--data', digits.images]);
    expect(stderr).to.match(/tfjs-compress: evaluate: expected --labels <file>/);
    expect([exitCode, stdout]).to.deep.equal([2, '']);
  });
});

/** Saves a model that takes every photo for the first of two classes. */
async function saveClassOf(folder: string): Promise<void> {
  const model = tf.sequential({
    layers: [tf.layers.flatten({inputShape: [8, 8, 3]}), tf.layers.dense({units: 2, kernelInitializer: 'zeros'})],
  });
  await model.save(fileHandler(folder));
  model.dispose();
}
