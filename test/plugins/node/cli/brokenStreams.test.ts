import '@tensorflow/tfjs-backend-wasm';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, existsSync, openSync} from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {digits, saveClassifier} from './savedModels.ts';
import {temporaryFolder} from './temporaryFolder.ts';

const program = ['--import=tsx', 'plugins/node/cli/main.ts'];

describe('tfjs-compress: streams that end', () => {
  const at = temporaryFolder();
  before(async () => {
    await tf.setBackend('wasm');
    await saveClassifier(at('model'));
  });

  it(
    'results on a full disk are one line on stderr and exit code 1, without the source of ' + 'a library',
    async function () {
      if (!existsSync('/dev/full')) this.skip();
      const full = openSync('/dev/full', 'w');
      const child = spawn(process.execPath, [...program, 'inspect', at('model')], {stdio: ['ignore', full, 'pipe']});
      const said: Buffer[] = [];
      child.stderr?.on('data', (part: Buffer) => said.push(part));
      await once(child, 'close');
      closeSync(full);
      expect(Buffer.concat(said).toString()).to.match(
        /^tfjs-compress: expected that stdout can be written to, got: ENOSPC.*\n$/,
      );
      expect(child.exitCode).to.equal(1);
    },
  );

  it('with nobody who reads notes and progress the model is compressed all the same', async () => {
    const args = [at('model'), '--calibrate', digits.images, '--samples', '32', '--out', at('small')];
    const child = spawn(process.execPath, [...program, ...args], {stdio: ['ignore', 'ignore', 'pipe']});
    child.stderr.destroy();
    await once(child, 'close');
    expect([child.exitCode, existsSync(at('small/model.json'))]).to.deep.equal([0, true]);
  });
});
