import {readdirSync, readFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {expect} from 'chai';
import {codeBlocks} from './codeBlocks.ts';
import {programsOf, writePrograms} from './documentPrograms.ts';
import {typeErrors} from './typeErrors.ts';

describe('programs of README.md and of docs/guides', () => {
  const documents = ['README.md', ...readdirSync('docs/guides').map((name) => join('docs/guides', name))];
  const programs = documents.flatMap((path) =>
    programsOf(`${basename(path, '.md')}-types`, codeBlocks(readFileSync(path, 'utf8'))),
  );

  after(async () =>
    Promise.all([...new Set(programs.map(({file}) => dirname(file)))].map((folder) => rm(folder, {recursive: true}))),
  );

  it('compile', async () => {
    expect(typeErrors(await writePrograms(programs))).to.deep.equal([]);
  });
});
