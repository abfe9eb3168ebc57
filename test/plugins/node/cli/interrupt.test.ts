import '@tensorflow/tfjs-backend-wasm';
import {readdir, writeFile} from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {runCli} from './runCli.ts';
import {digits, saveClassifier, saveDeep} from './savedModels.ts';
import {contentOf, temporaryFolder} from './temporaryFolder.ts';

describe('tfjs-compress: Ctrl-C', () => {
  const at = temporaryFolder();
  before(async () => {
    await tf.setBackend('wasm');
    await saveDeep(at('model'), 60);
    await saveClassifier(at('small'));
    await writeFile(at('report.html'), 'of an earlier run');
  });

  for (const [signal, exitCode] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${signal} midway leaves an earlier model and page as they were, and nothing else behind`, async () => {
      const before = await contentOf(at());
      const args = [
        at('model'),
        '--calibrate',
        digits.images,
        '--samples',
        '256',
        '--out',
        at('small'),
        '--report',
        at('report.html'),
      ];
      const run = await runCli(args, {signals: [{when: /spfqQuantize: 2\/60/, signal}]});
      expect(run.stderr)
        .to.match(/tfjs-compress: cancelled; nothing was written\n$/)
        .and.not.match(/spfqQuantize: done/);
      expect([run.exitCode, run.stdout]).to.deep.equal([exitCode, '']);
      expect(await contentOf(at())).to.deep.equal(before);
    });
  }

  it('what a killed run left behind is removed by the next', async () => {
    const args = [at('model'), '--calibrate', digits.images, '--samples', '256', '--out', at('new')];
    const leftovers = async (): Promise<number> =>
      (await readdir(at())).filter((name) => name.startsWith('.tfjs-compress-')).length;
    await runCli(args, {signals: [{when: /spfqQuantize: 2\/60/, signal: 'SIGKILL'}]});
    expect(await leftovers()).to.equal(1);
    await runCli(args, {signals: [{when: /spfqQuantize: 1\/60/, signal: 'SIGINT'}]});
    expect(await leftovers()).to.equal(0);
  });
});
