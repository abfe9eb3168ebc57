import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';

export const MAX_WIDTH = 120;

const FOLDERS = ['src', 'plugins', 'test', 'bench', 'examples'];

/** The files written by hand under the folders of code, as git knows them. */
export function writtenFiles(): string[] {
  return execFileSync('git', ['ls-files', '--', ...FOLDERS], {encoding: 'utf8'})
    .split('\n')
    .filter((path) => /[.](ts|js|mjs|html|css|md)$/.test(path));
}

/** Numbers of the lines over {@link MAX_WIDTH}; a row of a Markdown table and an address cannot be wrapped. */
export function findWideLines(path: string): number[] {
  const isTable = (line: string): boolean => path.endsWith('.md') && line.startsWith('|');
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      line.length > MAX_WIDTH && !isTable(line) && !/https?:[/][/]/.test(line) ? [index + 1] : [],
    );
}
