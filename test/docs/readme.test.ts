import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {promisify} from 'node:util';

const folder = new URL('../../.cache/readme/', import.meta.url);
const blocks = codeBlocks(await readFile(new URL('../../README.md', import.meta.url), 'utf8'), 'ts');

describe('README.md', () => {
  before(async () => mkdir(folder, {recursive: true}));
  after(async () => rm(folder, {recursive: true}));

  it('has code blocks', () => { expect(blocks.length).to.be.at.least(4); });

  blocks.forEach((code, k) => {
    it(`block ${k + 1} runs: ${code.split('\n').at(-1)?.slice(0, 60) ?? ''}`, async () => {
      const file = new URL(`block${k + 1}.ts`, folder);
      await writeFile(file, program(code));
      const {stdout} = await promisify(execFile)('node', ['--import=tsx', file.pathname]);
      if (code.includes('.save(')) expect(stdout).to.match(/saved 1 model$/m);
      if (code.includes('console.log')) expect(stdout.trim()).not.to.equal('');
    });
  });
});

/** A block with what its reader has at hand: a trained model, data, and the browser's storage. */
function program(code: string): string {
  const imports = code.includes('import ') ? '' : "import {fit, pack, spfqQuantize} from 'tfjs-compress';\n";
  return `import {model, x, y, testX, testY} from '../../test/docs/atHand.ts';\n${imports}${code}\nvoid [model, x, y, testX, testY];\n`;
}

function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)\n\`\`\`$`, 'gm'))].map(([, code]) => code);
}
