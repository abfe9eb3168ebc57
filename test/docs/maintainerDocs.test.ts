import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'chai';
import {brokenLinks} from './documentLinks.ts';

const markdownIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const TABLE = 'src/numerics/path/README.md';
const DOCUMENTS = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...markdownIn('docs'),
  ...markdownIn('docs/decisions'),
  TABLE,
];
const MAX_WIDTH = 120;

describe('documents for maintainers', () => {
  for (const path of DOCUMENTS) {
    describe(path, () => {
      const text = readFileSync(path, 'utf8');

      it('links to what is there', () => {
        expect(brokenLinks(path)).to.deep.equal([]);
      });

      it('names files and folders that are there', () => {
        expect(pathsIn(text).filter((name) => !existsSync(name))).to.deep.equal([]);
      });

      it(`has no line over ${MAX_WIDTH} columns but in tables`, () => {
        const long = text.split('\n').filter((line) => line.length > MAX_WIDTH && !line.startsWith('|'));
        expect(long).to.deep.equal([]);
      });
    });
  }

  it(`each row of ${TABLE} names what its files contain`, () => {
    const rows = readFileSync(TABLE, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const missing = rows.flatMap((row) => {
      const code = row.slice(row.lastIndexOf(' | '));
      const sources = pathsIn(code).map((path) => readFileSync(path, 'utf8'));
      if (sources.length === 0) return [];
      return namesIn(code).filter((name) => !sources.some((source) => new RegExp(`\\b${name}\\b`).test(source)));
    });
    expect(missing).to.deep.equal([]);
  });
});

/** Paths of the repository in code spans; those with a placeholder or alternatives name no single file. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/`((?:src|plugins|test|bench|docs|examples)\/[^`\s]*)`/g)]
    .map(([, path]) => path)
    .filter((path) => !/[<{…*]/.test(path));
}

/** The identifiers that code spans begin with. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/`([A-Za-z]\w+)(?:\.(\w+))?[^`/]*`/g)].flatMap(([, name, member]) =>
    member === undefined ? [name] : [name, member],
  );
}
