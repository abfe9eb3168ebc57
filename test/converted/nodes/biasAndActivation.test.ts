import {expect} from 'chai';
import {inputsOfNode, type NodeDef, nodeOf} from '../../../src/converted/graph/nodeDef.ts';
import {readGraph} from '../../../src/converted/graph/readGraph.ts';
import {type BiasAndActivation, readBiasAndActivation} from '../../../src/converted/nodes/biasAndActivation.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {graphModel, type GraphNode, node, placeholder, texts, weights} from '../../support/models/graphs.ts';

const NEURONS = 3;
const before = [placeholder('x', -1, 4), weights('kernel', 1, 4, NEURONS), weights('bias', 2, NEURONS)];
const product = node('product', 'MatMul', ['x', 'kernel']);
const fused = (input: readonly string[], ...ops: readonly string[]): GraphNode =>
  node('product', '_FusedMatMul', input, {fused_ops: texts(...ops)});

/** What is read of the node `product` in a graph. */
async function readProduct(...nodes: readonly GraphNode[]): Promise<BiasAndActivation | string> {
  const model = await graphModel([...before, ...nodes]);
  const graph = await readGraph('test', model);
  const consumers = new Map<string, NodeDef[]>();
  for (const one of graph.nodes)
    for (const input of inputsOfNode(one)) {
      const name = nodeOf(input);
      consumers.set(name, [...(consumers.get(name) ?? []), one]);
    }
  const weighted = {
    input: 'x',
    inputShape: [null, 4],
    kernel: 'kernel',
    isTransposed: false,
    neurons: NEURONS,
    isChannelsLast: true,
    className: 'Dense',
  };
  const found = graph.nodes.find(({name}) => name === 'product');
  if (found === undefined) throw new Error('expected a node product');
  const read = readBiasAndActivation(found, weighted as never, graph, consumers);
  graph.dispose();
  model.dispose();
  return read;
}

/** The parts that a layer takes over, by name. */
async function summary(...nodes: readonly GraphNode[]): Promise<unknown[]> {
  const read = await readProduct(...nodes);
  if (typeof read === 'string') return [read];
  const {bias, activation, output, absorbed} = read;
  return [bias?.endpoint, activation, output, absorbed.map(({name}) => name)];
}

onBackends(['cpu'], () => {
  describe('readBiasAndActivation', () => {
    it('of a node that nothing follows: no bias, linear', async () => {
      expect(await summary(product)).to.deep.equal([undefined, 'linear', 'product', []]);
    });

    for (const op of ['BiasAdd', 'Add', 'AddV2']) {
      it(`absorbs a constant that ${op} adds, and the activation after it`, async () => {
        const nodes = [product, node('sum', op, ['product', 'bias']), node('relu', 'Relu', ['sum'])];
        expect(await summary(...nodes)).to.deep.equal(['bias', 'relu', 'relu', ['sum', 'relu']]);
      });
    }

    it('absorbs an activation without a bias', async () => {
      expect(await summary(product, node('tanh', 'Tanh', ['product']))).to.deep.equal([
        undefined,
        'tanh',
        'tanh',
        ['tanh'],
      ]);
    });

    it('absorbs nothing where another node takes the product, too', async () => {
      const nodes = [product, node('sum', 'AddV2', ['product', 'bias']), node('relu', 'Relu', ['product'])];
      expect(await summary(...nodes)).to.deep.equal([undefined, 'linear', 'product', []]);
    });

    it('absorbs no sum with a value that depends on the input', async () => {
      const nodes = [product, node('other', 'Tanh', ['x']), node('sum', 'AddV2', ['product', 'other'])];
      expect(await summary(...nodes)).to.deep.equal([undefined, 'linear', 'product', []]);
    });

    it('absorbs no constant of another size than the neurons', async () => {
      const nodes = [product, weights('one', 3, 1), node('sum', 'AddV2', ['product', 'one'])];
      expect(await summary(...nodes)).to.deep.equal([undefined, 'linear', 'product', []]);
    });

    for (const [what, nodes, expected] of [
      [
        'no product with a constant as a bias',
        [product, node('scaled', 'Mul', ['product', 'bias'])],
        [undefined, 'linear', 'product', []],
      ],
      [
        'no activation that layers lack',
        [product, node('sum', 'BiasAdd', ['product', 'bias']), node('selu', 'Selu', ['sum'])],
        ['bias', 'linear', 'sum', ['sum']],
      ],
      [
        'no activation where another node takes the sum, too',
        [
          product,
          node('sum', 'BiasAdd', ['product', 'bias']),
          node('relu', 'Relu', ['sum']),
          node('other', 'Neg', ['sum']),
        ],
        ['bias', 'linear', 'sum', ['sum']],
      ],
      [
        'no bias after the activation',
        [product, node('relu', 'Relu', ['product']), node('sum', 'BiasAdd', ['relu', 'bias'])],
        [undefined, 'relu', 'relu', ['relu']],
      ],
    ] as const) {
      it(`absorbs ${what}`, async () => {
        expect(await summary(...nodes)).to.deep.equal(expected);
      });
    }

    it('leaves a fused LeakyRelu to a node with the same slope', async () => {
      const alpha = {f: 0.3};
      const leaky = node('product', '_FusedMatMul', ['x', 'kernel'], {
        fused_ops: texts('LeakyRelu'),
        leakyrelu_alpha: alpha,
      });
      expect(await readProduct(leaky)).to.have.deep.property('rest', {
        name: 'product',
        op: 'LeakyRelu',
        input: ['product/linear'],
        attr: {alpha},
      });
    });

    it('reads what is fused: a bias, and an activation that layers have', async () => {
      const inputs = ['x', 'kernel', 'bias'];
      expect(await summary(fused(inputs, 'BiasAdd', 'Relu6'))).to.deep.equal(['bias', 'relu6', 'product', []]);
      expect(await summary(fused(inputs, 'BiasAdd'))).to.deep.equal(['bias', 'linear', 'product', []]);
    });

    it('leaves a fused Prelu to a node of its own, which keeps the name', async () => {
      const read = await readProduct(
        weights('slopes', 4, NEURONS),
        fused(['x', 'kernel', 'bias', 'slopes'], 'BiasAdd', 'Prelu'),
      );
      expect(read).to.deep.include({activation: 'linear', output: 'product/linear'});
      expect((read as BiasAndActivation).rest).to.deep.equal({
        name: 'product',
        op: 'Prelu',
        input: ['product/linear', 'slopes'],
      });
    });

    it('says why a fused op keeps the node from being a layer', async () => {
      const inputs = ['x', 'kernel', 'bias'];
      expect(await summary(fused(inputs, 'BiasAdd', 'Erf'))).to.deep.equal([
        'has the fused op Erf, which no layer has',
      ]);
      expect(await summary(fused(inputs, 'BiasAdd', 'Relu', 'Tanh'))).to.deep.equal([
        'has the fused ops BiasAdd, Relu, Tanh, not all of which a layer has',
      ]);
    });
  });
});
