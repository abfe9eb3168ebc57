import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {isLoweredLayer, type LoweredGraph, lowerGraph} from '../../../src/converted/bridge/lowerGraph.ts';
import {findNodeLayers} from '../../../src/converted/bridge/nodeLayers.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {conv, type GraphNode, ints, node, placeholder, text, texts, weights} from '../../support/models/graphs.ts';
import {withGraph} from '../../support/models/withGraph.ts';

const rows = [placeholder('x', -1, 4), weights('w', 1, 4, 4), weights('v', 2, 4, 4), weights('b', 3, 4)];
const image = [placeholder('x', -1, 7, 6, 3), weights('w', 1, 3, 2, 3, 4)];
const padded = (...sizes: readonly number[]): GraphNode =>
  conv('y', 'Conv2D', ['x', 'w'], {padding: text('EXPLICIT'), explicit_paddings: ints(...sizes)});

const lowered = (nodes: readonly GraphNode[]): Promise<LoweredGraph> =>
  withGraph(nodes, (graph) => lowerGraph(graph, findNodeLayers(graph).layers));

/** Layers as `input → [name] → output`, nodes as `op(inputs) → name`. */
const textsOf = ({parts}: LoweredGraph): string[] =>
  parts.map((part) =>
    isLoweredLayer(part)
      ? `${part.input} → [${part.layer.name}] → ${part.output}`
      : `${part.op}(${part.input?.join(', ') ?? ''}) → ${part.name}`,
  );

onBackends(['cpu'], () => {
  describe('lowerGraph(graph, layers)', () => {
    it('puts a layer in the place of a product, its bias and its activation', async () => {
      const graph = await lowered([
        ...rows,
        node('c', 'MatMul', ['x', 'w']),
        node('d', 'BiasAdd', ['c', 'b']),
        node('y', 'Relu', ['d']),
      ]);
      expect(textsOf(graph)).to.deep.equal(['x → [c] → y']);
      expect(graph.outputs).to.deep.equal(['y']);
      expect(graph.constants.size).to.equal(0);
    });

    it('keeps the node between two layers, and none of the constants', async () => {
      const graph = await lowered([
        ...rows,
        node('c', 'MatMul', ['x', 'w']),
        node('n', 'Neg', ['c']),
        node('y', 'MatMul', ['n', 'v']),
      ]);
      expect(textsOf(graph)).to.deep.equal(['x → [c] → c', 'Neg(c) → n', 'n → [y] → y']);
    });

    it('calls one layer twice where two products share their weights', async () => {
      const graph = await lowered([
        ...rows,
        node('c', 'MatMul', ['x', 'w']),
        node('n', 'Neg', ['c']),
        node('y', 'MatMul', ['n', 'w']),
      ]);
      expect(textsOf(graph)).to.deep.equal(['x → [c] → c', 'Neg(c) → n', 'n → [c] → y']);
    });

    it('pads before a layer whose node has explicit zeros, by a constant of its own', async () => {
      const graph = await lowered([...image, padded(0, 0, 2, 1, 0, 3, 0, 0)]);
      expect(textsOf(graph)).to.deep.equal(['Pad(x, y/paddings) → y/padded', 'y/padded → [y] → y']);
      expect([...graph.constants]).to.deep.equal([
        ['y/paddings', {name: 'y/paddings', dtype: 'int32', shape: [4, 2], values: [0, 0, 2, 1, 0, 3, 0, 0]}],
      ]);
    });

    it('does not pad by explicit zeros of which there are none', async () => {
      const graph = await lowered([...image, padded(0, 0, 0, 0, 0, 0, 0, 0)]);
      expect(textsOf(graph)).to.deep.equal(['x → [y] → y']);
      expect(graph.constants.size).to.equal(0);
    });

    it('computes a fused activation that no layer has after the layer, under the name of the node', async () => {
      const fused = {fused_ops: texts('BiasAdd', 'Prelu'), num_args: {i: '2'}};
      const graph = await lowered([
        ...image,
        weights('b', 2, 4),
        weights('a', 3, 1, 1, 4),
        conv('y', '_FusedConv2D', ['x', 'w', 'b', 'a'], fused),
      ]);
      expect(textsOf(graph)).to.deep.equal(['x → [y] → y/linear', 'Prelu(y/linear, a) → y']);
      expect(graph.outputs).to.deep.equal(['y']);
    });

    it('copies what dynamic nodes take, so that a segment makes every output', async () => {
      const graph = await lowered([...rows, node('c', 'MatMul', ['x', 'w']), node('y', 'Where', ['c'])]);
      expect(textsOf(graph)).to.deep.equal(['x → [c] → c', 'Identity(c) → c/output']);
      expect(graph.outputs).to.deep.equal(['c/output']);
    });
  });
});
