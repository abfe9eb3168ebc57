import {mkdir, writeFile} from 'node:fs/promises';
import {expect} from 'chai';
import {replaceFiles} from '../../../../plugins/node/cli/files/replaceFiles.ts';
import {contentOf, temporaryFolder} from './temporaryFolder.ts';

describe('replaceFiles', () => {
  const at = temporaryFolder();
  beforeEach(async () => {
    for (const folder of ['staged', 'out']) await mkdir(at(folder), {recursive: true});
    for (const [path, text] of [
      ['staged/a', 'new a'],
      ['staged/b', 'new b'],
      ['out/a', 'old a'],
      ['out/old', 'old'],
      ['file', 'a file'],
    ])
      await writeFile(at(path), text);
  });

  it('a file that cannot be put in its place leaves all as it was: what was replaced, removed and made', async () => {
    const before = await contentOf(at());
    const files = [
      {from: at('staged/a'), to: at('out/a')},
      {from: at('staged/b'), to: at('made/b')},
      {from: at('staged/a-that-is-not-there'), to: at('out/c')},
    ];
    expect(() => {
      replaceFiles(files, [at('out/old')]);
    }).to.throw('ENOENT');
    expect(await contentOf(at())).to.deep.equal(before);
    expect(() => {
      replaceFiles(
        [
          {from: at('staged/a'), to: at('out/a')},
          {from: at('staged/b'), to: at('file/b')},
        ],
        [],
      );
    }).to.throw('EEXIST');
    expect(await contentOf(at())).to.deep.equal(before);
  });

  it('puts files in their places, makes folders for them, and removes what is obsolete', async () => {
    replaceFiles(
      [
        {from: at('staged/a'), to: at('out/a')},
        {from: at('staged/b'), to: at('made/deep/b')},
      ],
      [at('out/old')],
    );
    const {'/out/a': a, '/made/deep/b': b, '/out/old': old} = await contentOf(at());
    expect([a, b, old]).to.deep.equal([btoa('new a'), btoa('new b'), undefined]);
  });
});
