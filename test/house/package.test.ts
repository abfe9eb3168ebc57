import {execFile} from 'node:child_process';
import {chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {expect} from 'chai';

const run = promisify(execFile);

// The package as a user gets it: packed, unpacked, and run by Node without a loader.
const script = `
import * as tf from '@tensorflow/tfjs';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, spfqQuantize} from 'tfjs-compress';
import {uniformAlphabet} from 'tfjs-compress/numerics';
import 'tfjs-compress/plugins/wasm';
import 'tfjs-compress/plugins/webgpu';
import {fileHandler, useWebGPU} from 'tfjs-compress/plugins/node';
await tf.setBackend('wasm');
const model = tf.sequential({layers: [tf.layers.dense({units: 3, inputShape: [4]})]});
const small = await lastValueFrom(compress(model).pipe(calibrate(tf.randomNormal([64, 4])), spfqQuantize({bits: 2})));
console.log(typeof useWebGPU, typeof fileHandler, uniformAlphabet({bits: 3}).levels, small.report.layers[0].levels);
`;

describe('the packed package', () => {
  let folder: string;
  let manifest: {
    readonly version: string;
    readonly bin: Readonly<Record<string, string>>;
    readonly dependencies: object;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
    const modules = join(folder, 'node_modules');
    const target = join(modules, 'tfjs-compress');
    await run('npm', ['pack', '--silent', '--pack-destination', folder]);
    await mkdir(target, {recursive: true});
    await run('sh', ['-c', `tar -xzf "${folder}"/*.tgz -C "${target}" --strip-components=1`]);
    manifest = JSON.parse(await readFile(join(target, 'package.json'), 'utf8')) as typeof manifest;
    const others = ['@tensorflow', '@observablehq', 'rxjs', 'webgpu', ...Object.keys(manifest.dependencies)];
    for (const name of others) await symlink(resolve('node_modules', name), join(modules, name));
    await mkdir(join(modules, '.bin'));
    for (const [name, path] of Object.entries(manifest.bin)) {
      // as npm install does it
      await chmod(join(target, path), 0o755);
      await symlink(join(target, path), join(modules, '.bin', name));
    }
  });
  after(async () => rm(folder, {recursive: true}));

  it('runs in plain Node with every sub-path', async () => {
    await writeFile(join(folder, 'script.mjs'), script);
    const {stdout} = await run('node', [join(folder, 'script.mjs')]);
    expect(stdout.trim().split('\n').at(-1)).to.equal('function function 7 4');
  });

  it('brings the program tfjs-compress, which runs in plain Node', async () => {
    const npx = async (...args: readonly string[]): Promise<string> =>
      (await run('npx', ['--no', '--', 'tfjs-compress', ...args], {cwd: folder})).stdout;
    expect(await npx('--version')).to.equal(`${manifest.version}\n`);
    expect(await npx('inspect', resolve('examples/models/fashion-convnet'))).to.match(
      /dense1 +Dense +256 +409,856 +float32/,
    );
    const data = ['--calibrate', resolve('examples/data/t10k-images-idx3-ubyte.gz'), '--samples', '32'];
    expect(
      await npx(
        resolve('examples/models/fashion-convnet'),
        ...data,
        '--include',
        'logits',
        '--out',
        'small',
        '--report',
        'report.html',
      ),
    ).to.match(/saved +small\/model\.json/);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).to.match(/^<!doctype html>/);
  });
});
