import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {mkdtemp, mkdir, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';

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
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-')); });
  after(async () => rm(folder, {recursive: true}));

  it('runs in plain Node with every sub-path', async () => {
    await run('npm', ['pack', '--silent', '--pack-destination', folder]);
    const target = join(folder, 'node_modules', 'tfjs-compress');
    await mkdir(target, {recursive: true});
    await run('sh', ['-c', `tar -xzf "${folder}"/*.tgz -C "${target}" --strip-components=1`]);
    for (const name of ['@tensorflow', 'rxjs', 'webgpu']) await symlink(resolve('node_modules', name), join(folder, 'node_modules', name));
    await writeFile(join(folder, 'script.mjs'), script);
    const {stdout} = await run('node', [join(folder, 'script.mjs')]);
    expect(stdout.trim().split('\n').at(-1)).to.equal('function function 7 4');
  });
});
