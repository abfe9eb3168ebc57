import {execFile} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {expect} from 'chai';
import {type CodeBlock, isAsShown, shownOutput} from './codeBlocks.ts';
import {commandFixtures} from './commandFixtures.ts';
import {shellCommands, wordsOf} from './shellCommands.ts';

const {scripts, peerDependencies} = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  peerDependencies: Record<string, string>;
};
const INSTALLABLE = ['tfjs-compress', '@tensorflow/tfjs', 'jpeg-js', ...Object.keys(peerDependencies)];

/**
 * Tests that the `sh` blocks of a document work: commands of the command line are run, one after the other, in a folder
 * with the files of {@link commandFixtures}; of npm's own the scripts and packages must exist. Call it within
 * `describe`.
 */
export function describeCommands(name: string, blocks: readonly CodeBlock[]): void {
  const folder = join('.cache', 'docs', `${name}-commands`);
  const shells = blocks.flatMap((block, at) => (block.language === 'sh' ? [{...block, at}] : []));
  if (shells.some(({code}) => code.includes('npx tfjs-compress'))) {
    before(async () => commandFixtures(folder));
    after(async () => rm(folder, {recursive: true}));
  }

  for (const {code, line, at} of shells) {
    it(`the commands in line ${line} work: ${code.split('\n')[0].slice(0, 60)}`, async () => {
      let printed = '';
      for (const command of shellCommands(code)) printed += await outcomeOf(command, folder);
      const shown = shownOutput(blocks, at);
      if (shown !== undefined && !isAsShown(printed, shown)) expect(printed.trim()).to.equal(shown);
    });
  }
}

/** What a command prints as its result; of npm's own nothing, as they are only looked up. */
async function outcomeOf(command: string, folder: string): Promise<string> {
  const [program, verb, ...rest] = wordsOf(command);
  if (program === 'npx' && verb === 'tfjs-compress') return run(rest, folder);
  expect(program, command).to.equal('npm');
  if (verb === 'install')
    expect(
      rest.filter((word) => !word.startsWith('-') && !INSTALLABLE.includes(word)),
      command,
    ).to.deep.equal([]);
  else if (verb === 'run') expect(scripts, command).to.include.keys(rest[0]);
  else if (verb !== 'ci') expect(scripts, command).to.include.keys(verb);
  return '';
}

async function run(words: readonly string[], folder: string): Promise<string> {
  return new Promise((done, fail) => {
    execFile(
      process.execPath,
      ['--import=tsx', resolve('plugins/node/cli/main.ts'), ...words],
      {cwd: folder},
      (error, stdout, stderr) => {
        if (error)
          fail(new Error(`tfjs-compress ${words.join(' ')}: exit code ${String(error.code)}\n${stdout}${stderr}`));
        else done(stdout);
      },
    );
  });
}
