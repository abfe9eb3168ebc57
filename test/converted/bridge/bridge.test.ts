import {type GraphModel, loadGraphModel} from '@tensorflow/tfjs-converter';
import {io, type Tensor} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compressGraph, rtnQuantize, toGraphModel} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {
  constant,
  flag,
  graphArtifacts,
  graphModel,
  type GraphNode,
  integers,
  node,
  placeholder,
  weights,
} from '../../support/models/graphs.ts';
import {gaussianTensor} from '../../support/models/smallNetworks.ts';

const rows = placeholder('x', -1, 4);

/** A GraphModel gives an input that is an output as it is. */
async function valuesOf(outputs: unknown, inputs: readonly Tensor[]): Promise<number[][]> {
  const tensors = [outputs].flat() as Tensor[];
  const values = await Promise.all(tensors.map(async (tensor) => Array.from(await tensor.data())));
  tensors
    .filter((tensor, i) => !inputs.includes(tensor) && tensors.indexOf(tensor) === i)
    .forEach((tensor) => {
      tensor.dispose();
    });
  return values;
}

/** The bridge of a graph, and of what is made of it when its weights have 8 bits, must compute what they stand for. */
async function checkBridge(graph: GraphModel, inputs: Tensor[]): Promise<string[]> {
  const compression = await lastValueFrom(compressGraph(graph).pipe(calibrate(inputs), rtnQuantize({bits: 8})));
  const given = inputs.length === 1 ? inputs[0] : inputs;
  const expected = await valuesOf(graph.predict(given), inputs);
  const small = await toGraphModel(compression);
  expectNear(await valuesOf(compression.original.predict(given), inputs), expected, 1e-5);
  expectNear(
    await valuesOf(small.predict(given), inputs),
    await valuesOf(compression.model.predict(given), inputs),
    1e-5,
  );
  const layers = compression.model.layers.map(({name}) => name);
  for (const one of [graph, small, compression, ...inputs]) one.dispose();
  return layers;
}

function expectNear(found: readonly number[][], expected: readonly number[][], tolerance: number): void {
  expect(found.map(({length}) => length)).to.deep.equal(expected.map(({length}) => length));
  found.forEach((values, k) =>
    values.forEach((value, i) => {
      if (value !== expected[k][i]) expect(value, `${k}, ${i}`).to.be.closeTo(expected[k][i], tolerance);
    }),
  );
}

onBackends(['cpu', 'wasm'], () => {
  describe('a bridge', () => {
    it('has the inputs of the graph, by their names in its signature', async () => {
      const nodes = [
        rows,
        placeholder('other', -1, 3),
        weights('w', 1, 4, 5),
        weights('v', 2, 3, 5),
        node('a', 'MatMul', ['x', 'w']),
        node('b', 'MatMul', ['other', 'v']),
        node('y', 'AddV2', ['a', 'b']),
      ];
      const signature = {inputs: {left: {name: 'x:0'}, right: {name: 'other:0'}}, outputs: {sum: {name: 'y:0'}}};
      const graph = await loadGraphModel(io.fromMemory({...graphArtifacts(nodes), signature}));
      const [x, other] = [gaussianTensor([6, 4], 1), gaussianTensor([6, 3], 2)];
      const compression = await lastValueFrom(
        compressGraph(graph).pipe(calibrate({right: other, left: x}), rtnQuantize()),
      );
      expect(compression.model.inputNames).to.deep.equal(['left', 'right']);
      compression.dispose();
      expect(await checkBridge(graph, [x, other])).to.deep.equal(['left', 'right', 'a', 'b', 'segment_1']);
    });

    it('gives values of nodes with several outputs, across layers', async () => {
      const nodes: GraphNode[] = [
        rows,
        {...integers('axis', 1), shape: []},
        node('split', 'Split', ['axis', 'x'], {num_split: {i: '2'}}),
        weights('w', 1, 2, 2),
        node('a', 'MatMul', ['split:1', 'w']),
        node('y', 'Mul', ['a', 'split']),
        weights('v', 2, 2, 2),
        node('b', 'MatMul', ['split:0', 'v']),
        node('z', 'AddV2', ['y', 'b']),
      ];
      expect(await checkBridge(await graphModel(nodes), [gaussianTensor([6, 4], 1)])).to.deep.equal([
        'x',
        'segment_0',
        'a',
        'b',
        'segment_1',
      ]);
    });

    it('gives an output that is an input', async () => {
      const nodes = [rows, weights('w', 1, 4, 4), node('y', 'MatMul', ['x', 'w'])];
      const signature = {inputs: {x: {name: 'x:0'}}, outputs: {same: {name: 'x:0'}, one: {name: 'y:0'}}};
      const graph = await loadGraphModel(io.fromMemory({...graphArtifacts(nodes), signature}));
      expect(await checkBridge(graph, [gaussianTensor([6, 4], 1)])).to.deep.equal(['x', 'segment_0', 'y']);
    });

    it('has constants that are not finite, and refuses weights that are not', async () => {
      const limit = constant('limit', [1, 4], [-Infinity, 0, Infinity, 1]);
      const nodes = [
        rows,
        limit,
        node('low', 'Maximum', ['x', 'limit']),
        constant('most', [], [2]),
        node('in', 'Minimum', ['low', 'most']),
        weights('w', 1, 4, 2),
        node('y', 'MatMul', ['in', 'w']),
      ];
      await checkBridge(await graphModel(nodes), [gaussianTensor([6, 4], 1)]);
      const [x, graph] = [
        gaussianTensor([6, 4], 1),
        await graphModel([rows, constant('w', [4, 2], [1, 2, 3, NaN, 5, 6, 7, 8]), node('y', 'MatMul', ['x', 'w'])]),
      ];
      const error: unknown = await lastValueFrom(compressGraph(graph).pipe(calibrate(x), rtnQuantize())).catch(
        (cause: unknown) => cause,
      );
      expect(error).to.have.property(
        'message',
        "rtnQuantize: layer 'y': expected finite weights, got NaN in y/kernel; retrain or reload the model",
      );
      [x, graph].forEach((one) => {
        one.dispose();
      });
    });

    it('is made of a graph of thousands of nodes in a row', async () => {
      const chain = Array.from({length: 3000}, (_, i) =>
        node(`n${i}`, i % 2 === 0 ? 'Neg' : 'Tanh', [i === 0 ? 'x' : `n${i - 1}`]),
      );
      const nodes = [
        rows,
        ...chain,
        weights('w', 1, 4, 2),
        node('y', 'MatMul', ['n2999', 'w'], {transpose_b: flag(false)}),
      ];
      await checkBridge(await graphModel(nodes), [gaussianTensor([6, 4], 1)]);
    });
  });
});
