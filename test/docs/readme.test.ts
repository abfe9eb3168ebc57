import {readFileSync} from 'node:fs';
import {expect} from 'chai';
import {codeBlocks} from './codeBlocks.ts';
import {describeBlocks} from './describeBlocks.ts';
import {describeCommands} from './describeCommands.ts';
import {brokenLinks} from './documentLinks.ts';

describe('README.md', () => {
  const blocks = codeBlocks(readFileSync('README.md', 'utf8'));

  it('has code blocks', () => {
    expect(blocks.filter(({language}) => language === 'ts').length).to.be.at.least(4);
  });

  it('links to what is there', () => {
    expect(brokenLinks('README.md')).to.deep.equal([]);
  });

  describeBlocks('readme', blocks);
  describeCommands('readme', blocks);
});
