import {type GraphModel, loadGraphModel} from '@tensorflow/tfjs-converter';
import {type Tensor} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compressGraph, rtnQuantize, toGraphModel} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {onBackends} from '../support/backends/onBackends.ts';
import {gaussianTensor} from '../support/models/smallNetworks.ts';

const MODEL = 'node_modules/@spotify/basic-pitch/model/model.json';

onBackends(['wasm'], () => {
  describe('basic-pitch, as Spotify converted it', () => {
    let graph: GraphModel;
    let x: Tensor;
    before(async () => {
      graph = await loadGraphModel(fileHandler(MODEL));
      x = gaussianTensor([1, 43844, 1], 1);
    });
    after(() => {
      graph.dispose();
      x.dispose();
    });

    it('is 26 convolutions of a transform and six that were learned, and computes the same', async () => {
      const compression = await lastValueFrom(compressGraph(graph));
      const names = compression.model.layers.filter((layer) => layer.getClassName() === 'Conv2D').map(({name}) => name);
      expect(names.filter((name) => name.includes('/cq_t'))).to.have.length(26);
      expect(
        names
          .filter((name) => !name.includes('/cq_t'))
          .map((name) => compression.model.getLayer(name).weights[0].shape),
      ).to.have.deep.members([
        [3, 39, 8, 8],
        [5, 5, 8, 32],
        [5, 5, 8, 1],
        [7, 7, 1, 32],
        [7, 3, 32, 1],
        [3, 3, 33, 1],
      ]);
      expect(await differences(graph, compression.model, x)).to.satisfy(
        (all: readonly number[]) => all.length === 3 && all.every((one) => one < 1e-5),
      );
      compression.dispose();
    });

    it('is a graph again with 8-bit weights, all others as they were', async () => {
      const compression = await lastValueFrom(
        compressGraph(graph).pipe(calibrate(x, {rows: 256}), rtnQuantize({bits: 8, exclude: /\/cq_t/})),
      );
      expect(compression.layers.map(({name}) => name.replace('StatefulPartitionedCall/model_1/', ''))).to.have.members([
        're_lu_1/Relu',
        're_lu_2/Relu',
        're_lu_3/Relu',
        'contours-reduced/BiasAdd',
        'conv2d_3/BiasAdd',
        'conv2d_5/BiasAdd',
      ]);
      expect(compression.report.skipped.map(({reason}) => reason)).to.deep.equal(new Array(26).fill('in `exclude`'));
      const small = await toGraphModel(compression);
      expect(small.outputNodes).to.deep.equal(graph.outputNodes);
      expect(await differences(compression.model, small, x)).to.satisfy(
        (all: readonly number[]) => all.length === 3 && all.every((one) => one < 1e-6),
      );
      expect(await differences(graph, small, x)).to.satisfy((all: readonly number[]) =>
        all.every((one) => one > 1e-6 && one < 0.05),
      );
      small.dispose();
      compression.dispose();
    });
  });
});

/** ‖y − ỹ‖ / ‖y‖ of each output. */
async function differences(
  one: {predict(x: Tensor): unknown},
  other: {predict(x: Tensor): unknown},
  x: Tensor,
): Promise<number[]> {
  const [expected, found] = await Promise.all(
    [one, other].map(async (model) => {
      const outputs = model.predict(x) as Tensor[];
      const values = await Promise.all(outputs.map((output) => output.data<'float32'>()));
      outputs.forEach((output) => {
        output.dispose();
      });
      return values;
    }),
  );
  return expected.map((values, k) =>
    Math.sqrt(
      values.reduce((sum, value, i) => sum + (value - found[k][i]) ** 2, 0) /
        values.reduce((sum, value) => sum + value ** 2, 0),
    ),
  );
}
