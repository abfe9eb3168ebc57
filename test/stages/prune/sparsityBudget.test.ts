import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, spfqPrune} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {faintBranch} from '../../support/models/faintBranch.ts';
import {gaussianTensor} from '../../support/models/smallNetworks.ts';

onBackends(['wasm'], () => {
  describe('a sparsity of two layers with the same 48 weights, one 100 times fainter in the outputs', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = faintBranch();
      x = gaussianTensor([128, 6], 3);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    async function keptWith(sparsity: number): Promise<Record<string, number>> {
      const {report, dispose} = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqPrune({sparsity, scope: 'model', include: /loud|faint/})),
      );
      dispose();
      return Object.fromEntries(report.layers.map((layer) => [layer.name, Math.round(48 * (1 - layer.sparsity))]));
    }

    // The odds of keeping a weight of a layer are ⅛, ¼, ½, 1, 2, 4 or 8 times those of both layers together.
    it('of ½ keeps ⌊8/9 · 48⌋ = 42 and ⌊1/9 · 48⌋ = 5, and one more of the faint layer for 48 in all', async () => {
      expect(await keptWith(0.5)).to.deep.equal({loud: 42, faint: 6});
    });

    // Of 24 weights, 4/7 or 8/11 of 48 would be too many; beside 19, ⌊1/7 · 48⌋ = 6 would.
    it('of ¾ keeps ⌊2/5 · 48⌋ = 19 and ⌊1/13 · 48⌋ = 3, and two more of the loud layer for 24 in all', async () => {
      expect(await keptWith(0.75)).to.deep.equal({loud: 21, faint: 3});
    });

    it('of 0 keeps all', async () => {
      expect(await keptWith(0)).to.deep.equal({loud: 48, faint: 48});
    });
  });
});
