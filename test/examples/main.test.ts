import '@tensorflow/tfjs-backend-wasm';
import {execFile} from 'node:child_process';
import {mkdtemp, readdir, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {fileHandler} from 'tfjs-compress/plugins/node';

const run = promisify(execFile);
const main = ['--import=tsx', 'examples/fashion-mnist/main.ts'];

describe('npm start', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
    await tf.setBackend('wasm');
    const model = tf.sequential({
      layers: [
        tf.layers.averagePooling2d({poolSize: 4, inputShape: [28, 28, 1]}),
        tf.layers.flatten(),
        tf.layers.dense({units: 10, activation: 'softmax'}),
      ],
    });
    await model.save(fileHandler(folder));
    model.dispose();
  });
  after(async () => rm(folder, {recursive: true}));

  it('--model compresses a saved model to every width and prints one row for each method', async () => {
    const {stdout} = await run('node', [
      ...main,
      '--model',
      join(folder, 'model.json'),
      '--samples',
      '64',
      '--paper',
      '--seeds',
      '2',
      '--save',
      folder,
    ]);
    const rows = stdout
      .split('\n')
      .filter((line) => line.includes('│'))
      .map((line) =>
        line
          .split('│')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(rows[0]).to.deep.equal(['method', 'bits', 'levels', 'accuracy', 'loss (points)', 'size', 'gzip']);
    expect(rows.slice(1).map(([method, bits, levels]) => `${method} ${bits} ${levels}`)).to.deep.equal([
      'float 32 –',
      'tfjs-converter uint8 8 256',
      'path following 7.99 255',
      'nearest 7.99 255',
      'path following 3.91 15',
      'SPFQ of the paper 3.91 15',
      'nearest 3.91 15',
      'path following 2.81 7',
      'SPFQ of the paper 2.81 7',
      'nearest 2.81 7',
      'path following 2 4',
      'SPFQ of the paper 2 4',
      'nearest 2 4',
      'path following 1.58 3',
      'SPFQ of the paper 1.58 3',
      'nearest 1.58 3',
      'path following 1 2',
      'nearest 1 2',
      'half pruned in the same pass 3.91 15',
    ]);
    expect(rows[1][4]).to.equal('0.00');
    expect((await readdir(folder)).filter((name) => name.startsWith('path'))).to.have.members(
      ['8', '4', '3', '2', 'ternary', '1'].map((bits) => `path-following-${bits}`),
    );
    const {size} = await stat(join(folder, 'path-following-2', 'weights.bin'));
    expect(rows.find(([method, bits]) => method === 'path following' && bits === '2')?.[5]).to.equal(`${size} B`);
  });

  it('--help names every option', async () => {
    const {stdout} = await run('node', [...main, '--help']);
    for (const option of [
      '--pretrained',
      '--model',
      '--full',
      '--epochs',
      '--samples',
      '--seeds',
      '--paper',
      '--save',
      '--report',
    ])
      expect(stdout).to.include(option);
  });

  it('refuses --samples 0 with what was expected', async () => {
    const {stderr} = await run('node', [...main, '--samples', '0']).catch(
      (error: unknown) => error as {stderr: string},
    );
    expect(stderr).to.match(/--samples.*expected a positive integer/);
  });
});
