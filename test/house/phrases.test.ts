import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {expect} from 'chai';

/** Turns of speech that hide who does what, each with what to write instead. */
const PHRASES = [
  [/\bso many\b/i, 'a number, or the name of the quantity'],
  [/\bnobody says\b/i, 'by default'],
  [/\bwhat (it|they) gives?\b/i, 'its result'],
] as const;

describe('the words of src, plugins, README and docs', () => {
  const paths = execFileSync('git', ['ls-files', '--', 'src', 'plugins', 'README.md', 'docs'], {encoding: 'utf8'})
    .split('\n')
    .filter((path) => /[.](ts|md)$/.test(path));

  for (const [phrase, instead] of PHRASES) {
    it(`do without ${phrase.source.replaceAll('\\b', '')}: write ${instead}`, () => {
      const found = paths.filter((path) => phrase.test(proseOf(readFileSync(path, 'utf8'))));
      expect(found).to.deep.equal([]);
    });
  }
});

/** The text on one line, without the stars of comments, so that a phrase is found across a line break. */
function proseOf(text: string): string {
  return text.replace(/\n\s*(\*|\/\/)?\s*/g, ' ');
}
