import {mkdtemp, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {io, Tensor} from '@tensorflow/tfjs-core';
import {type LayersModel, loadLayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, of} from 'rxjs';
import {calibrate, compress, type Compression, exportStock, pack, type RtnOptions, rtnQuantize} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {idealBytes} from '../../bench/size/idealBytes.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {gaussianTensor} from '../support/models/smallNetworks.ts';

const MODEL = new URL('../../examples/models/fashion-convnet/', import.meta.url).pathname;
/** What tfjs's converter makes of the convnet's weights: a byte each, without `model.json`. */
const UINT8_WEIGHTS = 493_902;

interface Sizes {
  readonly json: number;
  readonly weights: number;
}

interface PackedSizes extends Sizes {
  readonly ideal: number;
}

onBackends(['wasm'], () => {
  describe("files of the example's convnet", () => {
    let model: LayersModel;
    let x: Tensor;
    let floatJson = 0;
    const files = new Map<RtnOptions['bits'], PackedSizes>();
    before(async () => {
      model = await loadLayersModel(fileHandler(MODEL));
      x = gaussianTensor([8, 28, 28, 1], 1);
      floatJson = (await saved((handler) => model.save(handler))).json;
      for (const bits of [8, 4, 3, 2, 'ternary', 1] as const) files.set(bits, await packed(bits));
    });
    after(() => {
      disposeModel(model);
      x.dispose();
    });

    for (const bits of [8, 4, 3, 2, 'ternary', 1] as const) {
      it(`${bits} bits, packed: weights.bin within 3 % of ideal, model.json within 4 KiB of float32's`, () => {
        const {weights, json, ideal} = files.get(bits) ?? expect.fail();
        // 7 letters of 3 bits take log₂ 7.
        expect(weights).to.be.within(bits === 3 ? 0.95 * ideal : ideal, 1.03 * ideal);
        expect(json).to.be.below(floatJson + 4096);
      });
    }

    for (const bits of [8, 4, 3, 2, 'ternary', 1] as const) {
      it(`${bits} bits, packed: both files are within 3 % and 4 KiB of the ideal of the weights`, () => {
        const {weights, json, ideal} = files.get(bits) ?? expect.fail();
        expect(weights + json).to.be.below(1.03 * ideal + 4096);
      });
    }

    it('2 bits, packed: both files are at most 0.28 of the weights alone at 8 bits', () => {
      const {weights, json} = files.get(2) ?? expect.fail();
      expect(weights + json).to.be.below(0.28 * UINT8_WEIGHTS);
    });

    it('exportStock writes a byte per weight with one step per layer', async () => {
      const compression = await quantized({bits: 4, granularity: 'tensor'});
      const {weights} = await saved((handler) => exportStock(compression, handler));
      // 493184 entries of kernels, the rest in float32.
      expect(weights).to.equal(493_184 + 4 * (UINT8_WEIGHTS - 493_184));
      compression.dispose();
    });

    async function packed(bits: NonNullable<RtnOptions['bits']>): Promise<PackedSizes> {
      const compression = await quantized({bits});
      const ideal = idealBytes(compression, bits === 'ternary' ? Math.log2(3) : bits);
      const {model: small, dispose} = await lastValueFrom(of(compression).pipe(pack()));
      const sizes = await saved((handler) => small.save(handler));
      dispose();
      return {...sizes, ideal};
    }

    async function quantized(options: RtnOptions): Promise<Compression> {
      return lastValueFrom(compress(model).pipe(calibrate(x), rtnQuantize(options)));
    }
  });
});

/** Bytes of the files that a save writes. */
async function saved(save: (handler: io.IOHandler) => Promise<unknown>): Promise<Sizes> {
  const folder = await mkdtemp(join(tmpdir(), 'files-'));
  try {
    await save(fileHandler(folder));
    const [json, weights] = await Promise.all(['model.json', 'weights.bin'].map((name) => stat(join(folder, name))));
    return {json: json.size, weights: weights.size};
  } finally {
    await rm(folder, {recursive: true});
  }
}
