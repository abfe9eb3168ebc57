import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {promisify} from 'node:util';
import {expect} from 'chai';
import {floorViolations} from './floors.ts';
import {parse, type SourceFile, sourceFiles} from './sourceFiles.ts';

const source = sourceFiles('src');
const plugins = sourceFiles('plugins');
const examples = sourceFiles('examples');

describe('architecture', () => {
  it('imports go down or sideways: src, plugins and examples', () => {
    expect([...source, ...plugins, ...examples].flatMap(floorViolations)).to.deep.equal([]);
  });

  for (const [path, line] of [
    ['src/ops/op.ts', "import {adapterFor} from '../layers/index.ts';"],
    ['src/ops/op.ts', "import {\n  map,\n} from 'rxjs';"],
    ['src/numerics/n.ts', "import type {Tensor} from '@tensorflow/tfjs-core';"],
    ['src/layers/dense/dense.ts', "export {gemv} from '../../plugins/webgpu/gemv.ts';"],
    ['src/layers/dense/dense.ts', "import 'node:fs';"],
    ['src/converted/graph.ts', "import {loadGraphModel} from '@tensorflow/tfjs-converter';"],
    ['src/types.ts', "import {ops} from './ops/op.ts';"],
    ['src/nowhere/file.ts', "import {gram} from '../numerics/matrix.ts';"],
    ['plugins/webgpu/gemv.ts', "const {useWebGPU} = await import('../node/useWebGPU.ts');"],
    ['plugins/webgpu/gemv.ts', "import {calibrate} from '../../src/operators/calibrate.ts';"],
    ['plugins/webgpu/gemv.ts', "import {chalk} from 'chalk';"],
    ['examples/digits/main.ts', "import {compress} from '../../src/index.ts';"],
  ] as const) {
    it(`refuses in ${path}: ${line.replaceAll('\n', ' ')}`, () => {
      expect(floorViolations(parse(path, line))).to.have.length(1);
    });
  }

  it('no file is longer than 250 lines', () => {
    const long = [...source, ...plugins, ...examples, ...sourceFiles('test'), ...sourceFiles('bench')].filter(
      ({lines}) => lines > 250,
    );
    expect(long.map(({path, lines}) => `${path}: ${String(lines)}`)).to.deep.equal([]);
  });

  for (const [what, pattern] of [
    ['console', /\bconsole\./],
    ['any', /(: |<|\bas )any\b/],
    ['dataSync or arraySync', /\b(data|array)Sync\b/],
    ['as unknown as', /\bas unknown as\b/],
  ] as const) {
    it(`no ${what} in src, but for src/ops/kernel.ts`, () => {
      const found = source.filter(({path, code}) => path !== 'src/ops/kernel.ts' && pattern.test(code));
      expect(found.map(({path}) => path)).to.deep.equal([]);
    });
  }

  for (const folder of ['src/stochastic', 'src/layers', 'plugins/webgpu']) {
    it(`every file of ${folder} is reached from its index.ts`, () => {
      const files = sourceFiles(folder);
      const reached = reachedFrom(`${folder}/index.ts`, files);
      expect(files.map(({path}) => path).filter((path) => !reached.has(path))).to.deep.equal([]);
    });
  }

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
  for (const {target} of file.imports) reachedFrom(target, files, reached);
  return reached;
}

/** Prints what tfjs knows after the import and did not know before it. */
const importingTheDoor = `
  import * as tf from '@tensorflow/tfjs-core';
  import '@tensorflow/tfjs-layers';
  const known = () => [
    ...['cpu', 'wasm', 'webgl', 'webgpu'].flatMap((name) => tf.getKernelsForBackend(name).map(({kernelName}) => name + ' ' + kernelName)),
    ...Object.keys(tf.serialization.SerializationMap.getMap().classNameMap),
    ...Object.keys(tf.engine().registryFactory),
  ];
  const before = new Set(known());
  await import('./src/index.ts');
  console.log(JSON.stringify(known().filter((name) => !before.has(name))));`;
