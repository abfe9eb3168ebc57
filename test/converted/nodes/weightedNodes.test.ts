import type {Tensor} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compressGraph, rtnQuantize, toGraphModel} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {conv, graphModel, placeholder, text, weights} from '../../support/models/graphs.ts';
import {gaussianTensor} from '../../support/models/smallNetworks.ts';
import {cases} from './weightedNodeCases.ts';

const filter = weights('w', 1, 3, 2, 3, 4);

onBackends(['wasm', 'cpu'], () => {
  describe('a weighted node as a layer computes what the graph does, and goes back into it', () => {
    for (const [what, nodes, className, options = {}] of cases) {
      it(what, async () => {
        const graph = await graphModel(nodes);
        const x = gaussianTensor(graph.inputs[0].shape?.map((size) => (size < 0 ? 12 : size)) ?? [], 5);
        const compression = await lastValueFrom(compressGraph(graph).pipe(calibrate(x), rtnQuantize({bits: 3})));
        const [{name}] = compression.layers;
        const layer = compression.model.getLayer(name);
        expect(compression.layers).to.have.length(1);
        expect(layer.getClassName()).to.equal(className);
        expect({name: 'y', ...layer.getConfig()}).to.deep.include({name: 'y', ...options});
        const small = await toGraphModel(compression);
        expect(await largestDifference(graph, compression.original, x)).to.be.below(1e-5);
        expect(await largestDifference(compression.model, small, x)).to.be.below(1e-5);
        expect(await largestDifference(graph, small, x)).to.be.above(1e-3);
        compression.dispose();
        [graph, small].forEach((model) => {
          model.dispose();
        });
        x.dispose();
      });
    }
  });
});

onBackends(['cpu'], () => {
  it('Conv2D, NCHW, of a backend that runs it', async () => {
    const graph = await graphModel([
      placeholder('x', -1, 3, 7, 6),
      filter,
      conv('y', 'Conv2D', ['x', 'w'], {data_format: text('NCHW'), padding: text('VALID')}),
    ]);
    const x = gaussianTensor([4, 3, 7, 6], 5);
    const compression = await lastValueFrom(compressGraph(graph));
    expect(compression.model.getLayer('y').getConfig()['dataFormat']).to.equal('channelsFirst');
    expect(await largestDifference(graph, compression.model, x)).to.be.below(1e-5);
    compression.dispose();
    graph.dispose();
    x.dispose();
  });
});

async function largestDifference(
  one: {predict(x: Tensor): unknown},
  other: {predict(x: Tensor): unknown},
  x: Tensor,
): Promise<number> {
  const [expected, found] = await Promise.all(
    [one, other].map(async (model) => {
      const outputs = [model.predict(x)].flat() as Tensor[];
      const values = await Promise.all(outputs.map(async (output) => Array.from(await output.data())));
      outputs.forEach((output) => {
        output.dispose();
      });
      return values.flat();
    }),
  );
  expect(found).to.have.length(expected.length);
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]))) / Math.max(...expected.map(Math.abs));
}
