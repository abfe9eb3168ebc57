import {execFileSync} from 'node:child_process';
import {mkdir, symlink, writeFile} from 'node:fs/promises';
import type {io} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {readWeights} from '../../../../plugins/node/files/readWeights.ts';
import {temporaryFolder} from '../cli/temporaryFolder.ts';

const SECRET = 'a key of the user';

describe('weights that a manifest names', () => {
  const at = temporaryFolder();
  before(async () => {
    for (const folder of ['model/below', 'home']) await mkdir(at(folder), {recursive: true});
    await writeFile(at('home/key'), SECRET);
    await writeFile(at('model/below/w.bin'), SECRET);
    await symlink('../home/key', at('model/link.bin'));
    await symlink('below/w.bin', at('model/own.bin'));
    await symlink(at('model'), at('link-to-model'));
    execFileSync('mkfifo', [at('model/pipe.bin')]);
  });

  for (const path of ['../home/key', 'below/../../home/key', 'link.bin'])
    it(`are not read outside of the folder: ${path}`, async () => {
      const error = await errorOf(() => readWeights(at('model'), uint8Manifest(SECRET.length, path)));
      expect(error.name).to.equal('ArtifactError');
      expect(error.message)
        .to.include(`${at('model')}, found ${at('home/key')}`)
        .and.include('--allow-outside');
      const weights = await readWeights(at('model'), uint8Manifest(SECRET.length, path), true);
      expect(Buffer.from(weights).toString()).to.equal(SECRET);
    });

  for (const [folder, path] of [
    ['model', 'below/w.bin'],
    ['model', 'below/../own.bin'],
    ['link-to-model', 'own.bin'],
  ])
    it(`are read below the folder, by links too: ${folder}/${path}`, async () => {
      const weights = await readWeights(at(folder), uint8Manifest(SECRET.length, path));
      expect(Buffer.from(weights).toString()).to.equal(SECRET);
    });

  for (const [what, manifest, message] of [
    ['a pipe', uint8Manifest(4, 'pipe.bin'), /found .*pipe\.bin: expected a regular file, found a pipe/],
    ['a folder', uint8Manifest(4, 'below'), /expected a regular file, found a folder/],
    ['what is not there', uint8Manifest(4, 'none.bin'), /none\.bin: .*found none that can be read/],
    ['one file twice', uint8Manifest(34, 'own.bin', 'below/w.bin'), /w\.bin: .* once, found it twice/],
    [
      'more bytes than needed',
      uint8Manifest(3, ...Array<string>(90).fill('own.bin')),
      /86 more files: expected 3 bytes/,
    ],
    [
      'a shape below zero',
      [{paths: ['own.bin'], weights: [weight([-1, -17])]}],
      /'w': .* whole numbers, got \[-1,-17\]/,
    ],
    ['a type without a size', [{paths: ['own.bin'], weights: [weight([17], 'string')]}], /'w': .*got 'string'/],
    ['no names of files', [{weights: []}], /group 0 of `weightsManifest`: expected `paths`/],
    ['no weights', [{paths: []}], /group 0 of `weightsManifest`: expected `weights`/],
    ['no list', {}, /expected `weightsManifest` to be a list/],
  ] as const)
    it(`are refused before anything is read: ${what}`, async () => {
      const error = await errorOf(() => readWeights(at('model'), manifest as unknown as io.WeightsManifestConfig));
      expect(error.name).to.equal('ArtifactError');
      expect(error.message).to.match(message);
    });

  it('outside of the folder need an option of fileHandler', async () => {
    const weightsManifest = uint8Manifest(SECRET.length, '../home/key');
    await writeFile(at('model/model.json'), JSON.stringify({modelTopology: {}, weightsManifest}));
    expect((await errorOf(async () => fileHandler(at('model')).load?.())).message).to.match(/outside|in the folder/);
    const artifacts = await fileHandler(at('model'), {allowOutside: true}).load?.();
    expect(Buffer.from(artifacts?.weightData as ArrayBuffer).toString()).to.equal(SECRET);
  });
});

function uint8Manifest(bytes: number, ...paths: string[]): io.WeightsManifestConfig {
  return [{paths, weights: [weight([bytes])]}];
}

function weight(shape: number[], stored = 'uint8'): io.WeightsManifestEntry {
  return {
    name: 'w',
    shape,
    dtype: 'float32',
    quantization: {dtype: stored as 'uint8', scale: 1, min: 0},
  };
}

async function errorOf(run: () => Promise<unknown>): Promise<Error> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected a rejection');
}
