import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'chai';
import ts from 'typescript';
import {codeBlocks, proseOf} from './codeBlocks.ts';
import {describeBlocks} from './describeBlocks.ts';
import {describeCommands} from './describeCommands.ts';
import {describePages} from './describePages.ts';
import {brokenLinks, linkedNames} from './documentLinks.ts';
import {errorMessages, isMessage} from './errorMessages.ts';

const folder = 'docs/guides';
const guides = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .sort();
const LANGUAGES = ['ts', 'sh', 'text', 'html', 'formula'];

describe('docs/guides', () => {
  it('are all on the site', () => {
    const {config} = ts.readConfigFile('typedoc.json', (path) => readFileSync(path, 'utf8')) as {
      config: {projectDocuments: string[]};
    };
    expect(config.projectDocuments).to.include.members(guides.map((name) => join(folder, name)));
  });

  for (const name of guides) {
    describe(name, () => {
      const path = join(folder, name);
      const markdown = readFileSync(path, 'utf8');
      const blocks = codeBlocks(markdown);

      it('begins with its title', () => {
        expect(markdown).to.match(/^---\ntitle: (.+)\n---\n# \1\n/);
      });

      it('has programs or commands, and no block that is neither run nor compared', () => {
        expect(blocks.filter(({language}) => language === 'ts' || language === 'sh')).not.to.be.empty;
        expect(blocks.filter(({language}) => !LANGUAGES.includes(language))).to.deep.equal([]);
        const unprinted = blocks.filter(
          ({language}, at) => language === 'text' && !['ts', 'sh'].includes(blocks.at(at - 1)?.language ?? ''),
        );
        expect(unprinted, 'text that no block prints').to.deep.equal([]);
      });

      it('links to what is there', () => {
        expect(brokenLinks(path)).to.deep.equal([]);
        const doors = [
          'src/index.ts',
          'src/numerics/index.ts',
          'plugins/node/index.ts',
          'plugins/webgpu/index.ts',
          'plugins/vis/index.ts',
        ].map((file) => readFileSync(file, 'utf8'));
        expect(
          linkedNames(markdown).filter((link) => !doors.some((door) => new RegExp(`\\b${link}\\b`).test(door))),
        ).to.deep.equal([]);
      });

      describeBlocks(name.replace('.md', ''), blocks);
      describeCommands(name.replace('.md', ''), blocks);
      describePages(blocks);
    });
  }

  it('the messages of troubleshooting.md are those of the library', () => {
    const known = errorMessages();
    const lists = proseOf(readFileSync(join(folder, 'troubleshooting.md'), 'utf8')).replace(/\n {2}(?=\S)/g, ' ');
    const spans = [...lists.matchAll(/(`+)([^\n]+?)\1(?!`)/g)].map(([, , text]) => text.trim());
    const messages = spans.filter((text) => text.includes('expected '));
    expect(messages.length).to.be.at.least(30);
    expect(messages.filter((text) => !known.some((message) => isMessage(text, message)))).to.deep.equal([]);
  });
});
