import '@tensorflow/tfjs-backend-wasm';
import {once} from 'node:events';
import {readFile, stat} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {runCli} from './runCli.ts';
import {digits, saveClassifier} from './savedModels.ts';
import {temporaryFolder} from './temporaryFolder.ts';

describe('tfjs-compress inspect', () => {
  const at = temporaryFolder();
  before(async () => {
    await tf.setBackend('wasm');
    await saveClassifier(at('model'));
    await runCli([
      at('model'),
      '--calibrate',
      digits.images,
      '--samples',
      '64',
      '--bits',
      '2',
      '--prune',
      '0.5',
      '--out',
      at('small'),
    ]);
    await runCli([
      at('model'),
      '--calibrate',
      digits.images,
      '--samples',
      '64',
      '--format',
      'stock',
      '--out',
      at('stock'),
    ]);
  });

  it('lists the layers of a float model: types, outputs, weights and bytes', async () => {
    const {exitCode, stdout} = await runCli(['inspect', at('model/model.json')]);
    expect(exitCode).to.equal(0);
    expect(stdout)
      .to.match(/float model 'classifier', 28×28×1 → 10/)
      .and.match(/hidden +Dense +32 +1,600 +float32 +6,400\n/)
      .and.match(/logits +Dense +10 +330 +float32 +1,320\n/);
  });

  it('says of a packed model in how many bits it is, and what was pruned', async () => {
    const {layers, ...facts} = JSON.parse((await runCli(['inspect', at('small'), '--json'])).stdout) as {
      readonly layers: readonly {readonly name: string}[];
    };
    expect(facts).to.deep.equal({
      model: at('small/model.json'),
      name: 'classifier',
      isPacked: true,
      inputs: [[28, 28, 1]],
      outputs: [[10]],
      weights: 1930,
      bytes: (await stat(at('small/model.json'))).size + (await stat(at('small/weights.bin'))).size,
    });
    expect(layers.find(({name}) => name === 'hidden')).to.deep.include({
      type: 'Dense',
      weights: 1600,
      packing: {levels: 4, bits: 2, sparsity: 0.5, weights: 1568},
      storedAs: '2.00 bits, 50 % zeros',
    });
    expect(layers.find(({name}) => name === 'logits')).to.deep.include({
      type: 'Dense',
      weights: 330,
      packing: {levels: 4, bits: 2, sparsity: 0, weights: 320},
      storedAs: '2.00 bits',
    });
  });

  it("says of the stock format which of tfjs's types weights are stored in", async () => {
    const {stdout} = await runCli(['inspect', at('stock')]);
    expect(stdout).to.match(/hidden +Dense +32 +1,600 +uint8, float32 +1,696\n/);
  });

  it('reads a model from a web server', async () => {
    const server = createServer(
      ({url = ''}, response) => void readFile(at(url)).then((file) => response.end(file)),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const {exitCode, stdout} = await runCli([
      'inspect',
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/small`,
    ]);
    server.close();
    expect([exitCode, /hidden +Dense +32 +1,600 +2\.00 bits, 50 % zeros/.test(stdout)]).to.deep.equal([0, true]);
  });
});
