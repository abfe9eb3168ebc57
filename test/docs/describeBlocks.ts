import {readFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {expect} from 'chai';
import {type CodeBlock, excerptOf, isAsShown, shownOutput} from './codeBlocks.ts';
import {programsOf, writePrograms} from './documentPrograms.ts';
import {runPrograms} from './runPrograms.ts';

/**
 * Tests that the `ts` blocks of a document run, save and print what the document shows, and that excerpts are of the
 * files that they name. Call it within `describe`.
 */
export function describeBlocks(name: string, blocks: readonly CodeBlock[]): void {
  const programs = programsOf(`${name}-run`, blocks);
  let outcomes: ReturnType<typeof runPrograms> | undefined;

  after(async () => rm(join('.cache', 'docs', `${name}-run`), {recursive: true, force: true}));

  for (const block of blocks) {
    const excerpt = excerptOf(block);
    if (excerpt)
      it(`the block in line ${block.line} is of ${excerpt.path}`, () => {
        expect(readFileSync(excerpt.path, 'utf8')).to.include(excerpt.lines);
      });
  }

  for (const program of programs) {
    const {code, line, at} = program;
    it(`the block in line ${line} runs: ${code.split('\n').at(-1)?.slice(0, 60) ?? ''}`, async () => {
      // All of them when the first is asked for.
      const outcome = (await (outcomes ??= writePrograms(programs).then(() => runPrograms(programs)))).get(program);
      if (outcome?.error !== undefined) expect.fail(outcome.error);
      const {printed = '', saved} = outcome ?? {};
      const shown = shownOutput(blocks, at);
      if (shown !== undefined && !isAsShown(printed, shown)) expect(printed.trim()).to.equal(shown);
      if (/\.save\('(indexeddb|localstorage):/.test(code)) expect(saved, 'models saved').to.be.at.least(1);
      if (code.includes('console.log')) expect(printed.trim(), 'what it prints').not.to.equal('');
    });
  }
}
