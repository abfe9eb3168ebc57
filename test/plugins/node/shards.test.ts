import {mkdtemp, readdir, readFile, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {io} from '@tensorflow/tfjs-core';
import {layers, loadLayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {OptionError} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {shardsOf} from '../../../plugins/node/files/shards.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {bitsOf} from '../../support/models/smallPackedModels.ts';

describe('shardsOf', () => {
  it('cuts 10 bytes by 4 into 4 + 4 + 2', () => {
    expect(shardsOf(10, 4)).to.deep.equal([
      {name: 'weights-1-of-3.bin', from: 0, to: 4},
      {name: 'weights-2-of-3.bin', from: 4, to: 8},
      {name: 'weights-3-of-3.bin', from: 8, to: 10},
    ]);
  });

  it('gives one weights.bin without a size, with one that is not reached, and for no bytes', () => {
    for (const shards of [shardsOf(10), shardsOf(10, 10), shardsOf(10, 11)])
      expect(shards).to.deep.equal([{name: 'weights.bin', from: 0, to: 10}]);
    expect(shardsOf(0, 4)).to.deep.equal([{name: 'weights.bin', from: 0, to: 0}]);
    expect(shardsOf(0)).to.deep.equal([{name: 'weights.bin', from: 0, to: 0}]);
  });

  it('covers every byte once, and the last shard is never the largest', () => {
    for (let bytes = 1; bytes < 40; bytes++) {
      for (let size = 1; size < 42; size++) {
        const shards = shardsOf(bytes, size);
        expect(shards.map(({from}) => from)).to.deep.equal([0, ...shards.slice(0, -1).map(({to}) => to)]);
        expect(shards[shards.length - 1].to).to.equal(bytes);
        const sizes = shards.map(({from, to}) => to - from);
        expect(sizes[sizes.length - 1]).to.equal(Math.min(...sizes));
      }
    }
  });
});

onBackends(['cpu'], () => {
  describe('fileHandler with shardBytes', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
    });
    afterEach(() => rm(folder, {recursive: true}));

    it('refuses a size that is none, and other options', () => {
      for (const options of [{shardBytes: 0}, {shardBytes: 1.5}, {shards: 3}])
        expect(() => fileHandler(folder, options)).to.throw(OptionError);
    });

    it('writes model.json and shards, and nothing else; unmodified tfjs reads every bit back over http', async () => {
      const model = sequential({
        layers: [layers.dense({units: 3, inputShape: [4]}), layers.dense({units: 2, biasInitializer: 'randomNormal'})],
      });
      await model.save(fileHandler(folder, {shardBytes: 40})); // 23 floats
      const names = [1, 2, 3].map((i) => `weights-${String(i)}-of-3.bin`);
      expect(await readdir(folder)).to.have.members(['model.json', ...names]);
      expect(await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))).to.deep.equal([
        40, 40, 12,
      ]);

      const fetchFunc = async (path: string): Promise<Response> =>
        new Response(await readFile(join(folder, path.replace('http://host/', ''))));
      const loaded = await loadLayersModel(io.http('http://host/model.json', {fetchFunc: fetchFunc as typeof fetch}));
      const local = await loadLayersModel(fileHandler(folder));
      for (const copy of [loaded, local])
        expect([...(await bitsOf(copy)).values()]).to.deep.equal([...(await bitsOf(model)).values()]);
      [model, loaded, local].forEach((owner) => {
        owner.dispose();
      });
    });
  });
});
