import {readdirSync} from 'node:fs';
import {join} from 'node:path';

/** The test files under a folder, those for the browser apart. */
export function testFiles(environment: 'node' | 'browser'): string[] {
  return readdirSync('test', {recursive: true, encoding: 'utf8'})
    .map((path) => join('test', path))
    .filter(
      (path) => path.endsWith('.test.ts') && path.startsWith(join('test', 'browser')) === (environment === 'browser'),
    )
    .sort();
}
