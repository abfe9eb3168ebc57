import '@tensorflow/tfjs-backend-cpu';
import {execFile} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import {layers, loadLayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {fileHandler, useWebGPU} from 'tfjs-compress/plugins/node';
import {onBackends} from '../../support/backends/onBackends.ts';
import {productOf64} from '../../support/kernels/productOf64.ts';

describe('plugins/node', () => {
  onBackends(['webgpu'], () => {
    it('useWebGPU() makes webgpu the active backend, and may be called again', async () => {
      await useWebGPU();
      expect(tf.getBackend()).to.equal('webgpu');
    });

    it('a product of 64×64 matrices on Dawn equals the cpu product', async () => {
      const onDawn = await productOf64();
      await tf.setBackend('cpu');
      const onCpu = await productOf64();
      await tf.setBackend('webgpu');
      expect(onDawn).to.deep.equal(onCpu);
    });
  });

  it('useWebGPU() works where the backend was imported before it', async () => {
    const printed = await runModule(`
      import '@tensorflow/tfjs-backend-webgpu';
      import {getBackend} from '@tensorflow/tfjs-core';
      import {useWebGPU} from 'tfjs-compress/plugins/node';
      await useWebGPU();
      console.log(getBackend());`);
    expect(printed.trim()).to.equal('webgpu');
  });

  it('useWebGPU() without a driver says what to install', async () => {
    const printed = await runModule(
      `
      import {useWebGPU} from 'tfjs-compress/plugins/node';
      await useWebGPU().catch((error) => console.log(error.message));`,
      {VK_DRIVER_FILES: '/nowhere/driver.json'},
    );
    expect(printed).to.match(
      /^useWebGPU: expected a WebGPU adapter, found none \(Vulkan driver: \/nowhere\/driver.json\); install/,
    );
  });

  onBackends(['cpu'], () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
    });
    afterEach(() => rm(folder, {recursive: true}));

    it('fileHandler(folder) writes model.json and weights.bin, and nothing else', async () => {
      await writeFile(join(folder, 'weights.bin.partial'), 'left behind by a crash');
      await saveSmallModel(folder);
      expect(await readdir(folder)).to.have.members(['model.json', 'weights.bin']);
    });

    it('fileHandler(path) loads what it saved, weight for weight, from the folder or the .json file', async () => {
      const saved = await saveSmallModel(folder);
      expect(await weightsAt(folder)).to.deep.equal(saved);
      expect(await weightsAt(join(folder, 'model.json'))).to.deep.equal(saved);
    });

    it('fileHandler saves weights that come in parts of which the last is the largest', async () => {
      const weightSpecs: tf.io.WeightsManifestEntry[] = [{name: 'w', shape: [5], dtype: 'uint8' as 'int32'}];
      const weightData = [Uint8Array.of(1, 2).buffer, Uint8Array.of(3, 4, 5).buffer];
      await fileHandler(folder).save?.({modelTopology: {}, weightSpecs, weightData});
      expect([...(await readFile(join(folder, 'weights.bin')))]).to.deep.equal([1, 2, 3, 4, 5]);
    });

    // 23 floats are 92 bytes. Cuts with the largest shard last are those which tfjs-core's own loaders read as zeros.
    for (const cuts of [[20], [40, 80], [46]]) {
      it(`fileHandler loads shards cut at bytes ${cuts.join(', ')}`, async () => {
        const saved = await saveSmallModel(folder);
        await cutIntoShards(folder, cuts);
        expect(await weightsAt(folder)).to.deep.equal(saved);
      });
    }

    it('fileHandler loads several weight groups', async () => {
      const saved = await saveSmallModel(folder);
      await cutIntoGroups(folder);
      expect(await weightsAt(folder)).to.deep.equal(saved);
    });

    it('fileHandler refuses a missing shard, and names it', async () => {
      await saveSmallModel(folder);
      await rm(join(folder, 'weights.bin'));
      expect(await loadError(folder)).to.match(/weights\.bin: expected a file of weights/);
    });

    it('fileHandler refuses a file of the wrong size, and says how many bytes it expected', async () => {
      await saveSmallModel(folder);
      await writeFile(join(folder, 'weights.bin'), new Uint8Array(88));
      expect(await loadError(folder)).to.match(/weights\.bin: expected 92 bytes for 4 weights, found 88/);
    });

    it('fileHandler refuses a topology that is not JSON', async () => {
      const saving = fileHandler(folder).save?.({modelTopology: new ArrayBuffer(4)});
      expect(await messageOf(saving)).to.match(/expected the model's topology as JSON, got binary data/);
    });
  });
});

async function runModule(source: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', source];
  const {stdout} = await promisify(execFile)(process.execPath, args, {env: {...process.env, ...env}});
  return stdout;
}

/** Saves 4·3 + 3 + 3·2 + 2 = 23 random weights; returns them. */
async function saveSmallModel(folder: string): Promise<number[][]> {
  const model = sequential({
    layers: [layers.dense({units: 3, inputShape: [4]}), layers.dense({units: 2, biasInitializer: 'randomNormal'})],
  });
  await model.save(fileHandler(folder));
  const weights = model.getWeights().map((weight) => [...weight.dataSync()]);
  model.dispose();
  return weights;
}

async function weightsAt(path: string): Promise<number[][]> {
  const model = await loadLayersModel(fileHandler(path));
  const weights = model.getWeights().map((weight) => [...weight.dataSync()]);
  model.dispose();
  return weights;
}

async function readManifest(folder: string): Promise<tf.io.ModelJSON> {
  return JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
}

/** Rewrites the model in a folder so that its weights lie in shards that end at the given bytes. */
async function cutIntoShards(folder: string, cuts: readonly number[]): Promise<void> {
  const model = await readManifest(folder);
  const bytes = await readFile(join(folder, 'weights.bin'));
  const paths = [...cuts, bytes.length].map((_, i) => `shard${String(i)}.bin`);
  await Promise.all(paths.map((path, i) => writeFile(join(folder, path), bytes.subarray(cuts[i - 1] ?? 0, cuts[i]))));
  model.weightsManifest[0].paths = paths;
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
}

/** Rewrites the model in a folder so that its last layer (8 floats) is a group of its own. */
async function cutIntoGroups(folder: string): Promise<void> {
  const model = await readManifest(folder);
  const bytes = await readFile(join(folder, 'weights.bin'));
  const {weights} = model.weightsManifest[0];
  model.weightsManifest = [
    {paths: ['first.bin'], weights: weights.slice(0, 2)},
    {paths: ['second.bin'], weights: weights.slice(2)},
  ];
  await writeFile(join(folder, 'first.bin'), bytes.subarray(0, 60));
  await writeFile(join(folder, 'second.bin'), bytes.subarray(60));
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
}

function loadError(folder: string): Promise<string> {
  return messageOf(loadLayersModel(fileHandler(folder)));
}

async function messageOf(failing: Promise<unknown> | undefined): Promise<string> {
  try {
    await failing;
  } catch (error) {
    return String(error);
  }
  return 'no error';
}
