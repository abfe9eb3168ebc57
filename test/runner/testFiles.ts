import {readdirSync} from 'node:fs';
import {join, sep} from 'node:path';

/** The test files under a folder, those for the browser apart. */
export function testFiles(environment: 'node' | 'browser'): string[] {
  return readdirSync('test', {recursive: true, encoding: 'utf8'})
    .map((path) => join('test', path))
    .filter(
      (path) => path.endsWith('.test.ts') && path.startsWith(join('test', 'browser')) === (environment === 'browser'),
    )
    .sort();
}

/**
 * The folders whose suites are over within minutes: those of the library itself. What is left out starts other programs
 * (`plugins`, `docs`, `examples`, `bench`) or repeats the same for every layer type or a long list of faults (`layers`,
 * `reliability`).
 */
const UNIT_FOLDERS = [
  'artifacts',
  'calibration',
  'callbacks',
  'converted',
  'data',
  'files',
  'house',
  'model',
  'numerics',
  'operators',
  'ops',
  'queries',
  'report',
  'solver',
  'sources',
  'stages',
];

/** This one packs the package and installs it. */
const SLOW_FILES = [join('test', 'house', 'package.test.ts')];

/** The test files that `--unit` runs. */
export function unitTestFiles(): string[] {
  return testFiles('node').filter((path) => UNIT_FOLDERS.includes(path.split(sep)[1]) && !SLOW_FILES.includes(path));
}
