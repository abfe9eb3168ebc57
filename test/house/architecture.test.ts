import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {promisify} from 'node:util';
import {expect} from 'chai';
import {CAST_FILES, type SourceFile, sourceFiles} from './sourceFiles.ts';
import {findWideLines, MAX_WIDTH, writtenFiles} from './width.ts';

const source = sourceFiles('src');
const plugins = sourceFiles('plugins');
const examples = sourceFiles('examples');

/** Folders of public functions. Other code takes options that were checked and completed. */
const DOORS = ['sources', 'operators', 'queries', 'callbacks', 'files'];

describe('architecture', () => {
  it('no file is longer than 250 lines', () => {
    const long = [...source, ...plugins, ...examples, ...sourceFiles('test'), ...sourceFiles('bench')].filter(
      ({lines}) => lines > 250,
    );
    expect(long.map(({path, lines}) => `${path}: ${String(lines)}`)).to.deep.equal([]);
  });

  it(`no line is wider than ${String(MAX_WIDTH)} columns, but for tables and addresses`, () => {
    const wide = writtenFiles().flatMap((path) => findWideLines(path).map((line) => `${path}:${String(line)}`));
    expect(wide).to.deep.equal([]);
  });

  for (const [what, pattern] of [
    ['console', /\bconsole\./],
    ['any', /(: |<|\bas )any\b/],
    ['dataSync or arraySync', /\b(data|array)Sync\b/],
    ['as unknown as', /\bas unknown as\b/],
  ] as const) {
    it(`no ${what} in src, but for ${CAST_FILES.join(' and ')}`, () => {
      const found = source.filter(({path, code}) => !CAST_FILES.includes(path) && pattern.test(code));
      expect(found.map(({path}) => path)).to.deep.equal([]);
    });
  }

  for (const [folder, door] of [
    ['src/numerics/stochastic', 'index.ts'],
    ['src/layers', 'registry.ts'],
    ['src/converted/nodes', 'registry.ts'],
    ['plugins/webgpu', 'index.ts'],
  ] as const) {
    it(`every file of ${folder} is reached from its ${door}, or used by other folders`, () => {
      const files = sourceFiles(folder);
      const usedElsewhere = [...source, ...plugins]
        .filter(({path}) => !path.startsWith(`${folder}/`))
        .flatMap(({imports}) => imports);
      const reached = new Set([`${folder}/${door}`, ...usedElsewhere].flatMap((path) => [...reachedFrom(path, files)]));
      expect(files.map(({path}) => path).filter((path) => !reached.has(path))).to.deep.equal([]);
    });
  }

  it(`options are checked at the doors alone: ${DOORS.join(', ')}`, () => {
    const found = source.filter(
      ({path, imports}) => imports.includes('src/options.ts') && !DOORS.some((door) => path.startsWith(`src/${door}/`)),
    );
    expect(found.map(({path}) => path)).to.deep.equal([]);
  });

  it('importing src/index.ts registers no kernel, no layer class and no backend', async () => {
    expect(existsSync('src/index.ts'), 'src/index.ts, the door').to.equal(true);
    const {stdout} = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      importingTheDoor,
    ]);
    expect(JSON.parse(stdout)).to.deep.equal([]);
  });
});

function reachedFrom(path: string, files: readonly SourceFile[], reached = new Set<string>()): Set<string> {
  const file = files.find((candidate) => candidate.path === path);
  if (file === undefined || reached.has(path)) return reached;
  reached.add(path);
  for (const target of file.imports) reachedFrom(target, files, reached);
  return reached;
}

/** Prints what tfjs knows after the import and did not know before it. */
const importingTheDoor = `
  import * as tf from '@tensorflow/tfjs-core';
  import '@tensorflow/tfjs-layers';
  const known = () => [
    ...['cpu', 'wasm', 'webgl', 'webgpu'].flatMap((name) =>
      tf.getKernelsForBackend(name).map(({kernelName}) => name + ' ' + kernelName)),
    ...Object.keys(tf.serialization.SerializationMap.getMap().classNameMap),
    ...Object.keys(tf.engine().registryFactory),
  ];
  const before = new Set(known());
  await import('./src/index.ts');
  console.log(JSON.stringify(known().filter((name) => !before.has(name))));`;
