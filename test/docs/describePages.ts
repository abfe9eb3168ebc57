import {expect} from 'chai';
import {build} from 'esbuild';
import {parseHTML} from 'linkedom';
import type {CodeBlock} from './codeBlocks.ts';

/**
 * Tests that the `html` blocks of a document are pages whose scripts a bundler takes, with every name that they import.
 * Call it within `describe`.
 */
export function describePages(blocks: readonly CodeBlock[]): void {
  for (const {code, line} of blocks.filter(({language}) => language === 'html')) {
    it(`the page in line ${line} can be bundled`, async () => {
      const {document} = parseHTML(code);
      const scripts = [...document.querySelectorAll('script[type=module]')].map(({textContent}) => textContent ?? '');
      expect(document.querySelector('title')?.textContent, 'its title').to.be.a('string');
      expect(scripts).not.to.be.empty;
      for (const contents of scripts) {
        const {warnings, outputFiles} = await build({
          stdin: {contents, resolveDir: process.cwd(), sourcefile: 'page.ts', loader: 'ts'},
          bundle: true,
          format: 'esm',
          platform: 'browser',
          target: 'es2022',
          tsconfig: 'tsconfig.json',
          external: ['@tensorflow/*'],
          write: false,
          logLevel: 'silent',
        });
        expect(warnings).to.deep.equal([]);
        expect(outputFiles[0].text.length).to.be.above(contents.length);
      }
    });
  }
}
