import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {divideGraph} from '../../../src/converted/bridge/divideGraph.ts';
import {lowerGraph} from '../../../src/converted/bridge/lowerGraph.ts';
import {findNodeLayers} from '../../../src/converted/bridge/nodeLayers.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {type GraphNode, node, placeholder, weights} from '../../support/models/graphs.ts';
import {withGraph} from '../../support/models/withGraph.ts';

const given = [placeholder('x', -1, 4), weights('w', 1, 4, 4), weights('v', 2, 4, 4), weights('c', 3, 4)];

/** By level: the segment as `inputs: nodes: outputs`, then the names of the layers. */
const levelsOf = (nodes: readonly GraphNode[]): Promise<string[][]> =>
  withGraph([...given, ...nodes], (graph) =>
    divideGraph(graph, lowerGraph(graph, findNodeLayers(graph).layers)).map(({segment, layers}) => [
      segment
        ? [segment.inputs, segment.nodes.map(({name}) => name), segment.outputs]
            .map((names) => names.join(' '))
            .join(': ')
        : '',
      ...layers.map(({layer}) => layer.name),
    ]),
  );

onBackends(['cpu'], () => {
  describe('divideGraph(graph, lowered)', () => {
    it('of layers alone has no segments', async () => {
      expect(await levelsOf([node('a', 'MatMul', ['x', 'w']), node('b', 'MatMul', ['a', 'v'])])).to.deep.equal([
        ['', 'a'],
        ['', 'b'],
      ]);
    });

    it('of nodes alone is one segment, which takes no constants from outside', async () => {
      expect(await levelsOf([node('a', 'Mul', ['x', 'c']), node('b', 'Neg', ['a'])])).to.deep.equal([['x: a b: b']]);
    });

    it('lets a later segment take a value of an earlier one past the layer between them', async () => {
      const levels = await levelsOf([
        node('a', 'MatMul', ['x', 'w']),
        node('n', 'Neg', ['a']),
        node('b', 'MatMul', ['n', 'v']),
        node('y', 'AddV2', ['b', 'n']),
      ]);
      expect(levels).to.deep.equal([['', 'a'], ['a: n: n', 'b'], ['b n: y: y']]);
    });

    it('puts two branches of the same depth into one segment, of which no part waits for another', async () => {
      const levels = await levelsOf([
        node('a', 'MatMul', ['x', 'w']),
        node('b', 'MatMul', ['x', 'v']),
        node('m', 'Neg', ['a']),
        node('n', 'Neg', ['b']),
        node('y', 'AddV2', ['m', 'n']),
      ]);
      expect(levels).to.deep.equal([['', 'a', 'b'], ['a b: m n y: y']]);
    });

    it('counts the most layers on a path: a sum with the input waits for the longer branch', async () => {
      const levels = await levelsOf([
        node('a', 'MatMul', ['x', 'w']),
        node('b', 'MatMul', ['a', 'v']),
        node('y', 'AddV2', ['x', 'b']),
      ]);
      expect(levels).to.deep.equal([['', 'a'], ['', 'b'], ['x b: y: y']]);
    });
  });
});
