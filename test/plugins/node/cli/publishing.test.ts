import '@tensorflow/tfjs-backend-wasm';
import {mkdir, readdir, writeFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {writeJournals} from '../../../../plugins/node/cli/files/publishingJournal.ts';
import {clearStale} from '../../../../plugins/node/cli/files/stagingFolder.ts';
import {runCli} from './runCli.ts';
import {digits, saveClassifier} from './savedModels.ts';
import {contentOf, temporaryFolder} from './temporaryFolder.ts';

const NO_PROCESS = 2 ** 22 + 1; // above what Linux gives

describe('publishing that was killed', () => {
  const at = temporaryFolder();

  it('is ended by the next run that looks there: all new files, none of the old', async () => {
    await write({'out/model.json': 'old', 'out/weights-1-of-2.bin': 'old', 'out/labels.txt': 'of the user'});
    const folder = at(`out/.tfjs-compress-${hostname()}-${NO_PROCESS}-abc`);
    await write({'model.json': 'new', 'weights.bin': 'new'}, folder);
    const files = ['model.json', 'weights.bin'].map((name) => ({from: `${folder}/${name}`, to: at(`out/${name}`)}));
    writeJournals(files, [at('out/weights-1-of-2.bin')]);
    await runCli(['inspect', at('out')]);
    expect(texts(await contentOf(at('out')))).to.deep.equal({
      '/labels.txt': 'of the user',
      '/model.json': 'new',
      '/weights.bin': 'new',
    });
  });

  it('is undone where the files were not complete', async () => {
    const folder = at(`early/.tfjs-compress-${hostname()}-${NO_PROCESS}-abc`);
    await write({'early/model.json': 'old'});
    await write({'model.json': 'new'}, folder);
    await runCli(['inspect', at('early')]);
    expect(texts(await contentOf(at('early')))).to.deep.equal({'/model.json': 'old'});
  });

  it('reaches no file outside, whatever a journal says', async () => {
    const folder = at(`strange/.tfjs-compress-${hostname()}-${NO_PROCESS}-abc`);
    await write({'home/.bashrc': 'of the user'});
    await write(
      {a: 'evil', 'publish.json': JSON.stringify({files: [{staged: 'a', to: '../home/.bashrc'}], obsolete: []})},
      folder,
    );
    expect(() => {
      clearStale(at('strange'));
    }).to.throw('expected a journal of publishing with paths in this folder');
    expect(texts(await contentOf(at('home')))).to.deep.equal({'/.bashrc': 'of the user'});
  });

  async function write(files: Record<string, string>, folder = at()): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await mkdir(path.slice(0, path.lastIndexOf('/')), {recursive: true});
      await writeFile(path, text);
    }
  }
});

describe('tfjs-compress --out', () => {
  const at = temporaryFolder();
  const compressTo = (out: string, ...others: string[]): ReturnType<typeof runCli> =>
    runCli([at('model'), '--calibrate', digits.images, '--samples', '32', '--quiet', '--out', out, ...others]);
  before(async () => {
    await tf.setBackend('wasm');
    await saveClassifier(at('model'));
  });

  it('may not be a folder that the weights come from, not even with --force', async () => {
    await saveClassifier(at('elsewhere'));
    const manifest = JSON.stringify({paths: ['weights.bin']}).slice(1, -1);
    const model = Buffer.from((await contentOf(at('elsewhere')))['/model.json'], 'base64').toString();
    await mkdir(at('apart'));
    await writeFile(
      at('apart/model.json'),
      model.replace(manifest, manifest.replace('weights', '../elsewhere/weights')),
    );
    const before = await contentOf(at());
    const run = await runCli([
      at('apart'),
      '--calibrate',
      digits.images,
      '--out',
      at('elsewhere'),
      '--force',
      '--allow-outside',
    ]);
    expect([run.exitCode, run.stderr]).to.deep.equal([
      2,
      `tfjs-compress: --out ${at('elsewhere')}: expected another folder than that of the model and its weights, ` +
        'which is never written to\n',
    ]);
    expect(await contentOf(at())).to.deep.equal(before);
  });

  it('with a name that is too long is refused before the work', async () => {
    const {exitCode, stderr} = await compressTo(at('x'.repeat(300)));
    expect(exitCode).to.equal(2);
    expect(stderr).to.match(/xxx: expected a shorter name, this one is too long for the file system\n$/);
  });

  it('gets the metadata.json of a model, and the user hears of what else lies beside it', async () => {
    await writeFile(at('model/metadata.json'), '{"labels": ["cat"]}');
    await writeFile(at('model/notes.txt'), 'mine');
    const {stderr} = await runCli([at('model'), '--calibrate', digits.images, '--samples', '32', '--out', at('small')]);
    expect(stderr).to.include('metadata.json was copied; not copied from the folder of the model: notes.txt\n');
    expect(await readdir(at('small'))).to.deep.equal(['metadata.json', 'model.json', 'weights.bin']);
    expect(texts(await contentOf(at('small')))['/metadata.json']).to.equal('{"labels": ["cat"]}');
  });

  it('is written where a metadata.json is too large to be that of a model; it is named', async () => {
    await writeFile(at('model/metadata.json'), Buffer.alloc(2 ** 20 + 1));
    const args = ['--calibrate', digits.images, '--samples', '32', '--out', at('large')];
    const {exitCode, stderr} = await runCli([at('model'), ...args]);
    expect([exitCode, await readdir(at('large'))]).to.deep.equal([0, ['model.json', 'weights.bin']]);
    expect(stderr).to.include('not copied from the folder of the model: metadata.json, notes.txt\n');
  });
});

function texts(content: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(content).map(([name, base64]) => [name, atob(base64)]));
}
