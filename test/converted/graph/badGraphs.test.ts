import {GraphModel, loadGraphModel} from '@tensorflow/tfjs-converter';
import {io, memory, type Tensor} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {
  calibrate,
  compress,
  compressGraph,
  correct,
  DataError,
  evaluate,
  exportGraph,
  exportStock,
  ModelError,
  rtnQuantize,
  spfqQuantize,
  toGraphModel,
} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {convGraph, flag, graphArtifacts, graphModel, node, placeholder, weights} from '../../support/models/graphs.ts';
import {denseNetwork, errorOf, gaussianTensor} from '../../support/models/smallNetworks.ts';
import {pattern} from '../../support/pattern.ts';

const nowhere = io.withSaveHandler(() => Promise.reject(new Error('nothing to save')));

onBackends(['cpu'], () => {
  describe('compressGraph refuses', () => {
    for (const [given, message] of [
      [undefined, 'expected a tf.GraphModel, got undefined'],
      ['model.json', "expected a tf.GraphModel, got 'model.json'"],
      [{predict: () => undefined}, 'expected a tf.GraphModel, got another object'],
      [
        new GraphModel('model.json'),
        'expected a loaded tf.GraphModel, got one without a graph; await its load(), or use tf.loadGraphModel',
      ],
    ] as const) {
      it(message, async () => {
        const error = await errorOf(compressGraph(given as never));
        expect(error).to.be.instanceOf(ModelError);
        expect(error.message).to.equal(`compressGraph: ${message}`);
      });
    }

    it('a LayersModel', async () => {
      const network = denseNetwork();
      expect((await errorOf(compressGraph(network as never))).message).to.equal(
        'compressGraph: expected a tf.GraphModel, got a tf.LayersModel, which goes into compress(model)',
      );
      network.dispose();
    });

    it('one that was disposed of', async () => {
      const graph = await graphModel(convGraph());
      graph.dispose();
      expect((await errorOf(compressGraph(graph))).message).to.equal(
        "compressGraph: expected a live tf.GraphModel, got one after its dispose(): its weight 'stem/filter' is " +
          'gone; load it again',
      );
    });

    it('an input of unknown rank, and outputs that need no input', async () => {
      for (const [nodes, message] of [
        [
          [{name: 'x', op: 'Placeholder'}, node('y', 'Neg', ['x'])],
          "compressGraph: expected inputs of a known rank, got 'x' without a shape; convert the model with a " +
            'signature that says it',
        ],
        [
          [placeholder('x', -1, 2), weights('w', 1, 2, 2), node('z', 'Where', ['x']), node('y', 'Neg', ['w'])],
          'compressGraph: expected a graph with outputs that depend on its inputs, got none before its dynamic ' +
            'ops Where',
        ],
      ] as const) {
        const graph = await graphModel(nodes);
        expect((await errorOf(compressGraph(graph))).message).to.equal(message);
        graph.dispose();
      }
    });
  });

  describe('stages of a graph refuse', () => {
    let graph: GraphModel;
    let x: Tensor;
    before(async () => {
      graph = await graphModel(convGraph());
      x = gaussianTensor([8, 8, 8, 2], 9);
    });
    after(() => {
      graph.dispose();
      x.dispose();
    });

    it('a graph without weighted nodes', async () => {
      const empty = await graphModel([placeholder('x', -1, 2), node('y', 'Neg', ['x'])]);
      const pair = gaussianTensor([4, 2], 1);
      expect((await errorOf(compressGraph(empty).pipe(calibrate(pair), rtnQuantize()))).message).to.equal(
        'rtnQuantize: expected a model with at least one layer to compress, got none, as no layer has weights',
      );
      empty.dispose();
      pair.dispose();
    });

    it('calibration data of other shapes, and leave no tensor behind', async () => {
      const wrong = gaussianTensor([8, 8, 8, 3], 9);
      const tensors = memory().numTensors;
      const error = await errorOf(compressGraph(graph).pipe(calibrate(wrong), spfqQuantize()));
      expect(error).to.be.instanceOf(DataError);
      expect(error.message).to.equal("calibrate: input 'x': expected shape [batch, 8, 8, 2], got [8, 8, 8, 3]");
      expect(memory().numTensors).to.equal(tensors);
      wrong.dispose();
    });

    it('batches that the graph itself does not take, with advice', async () => {
      const fixed = await graphModel([
        placeholder('x', -1, 4),
        weights('w', 1, 2, 4),
        node('y', 'AddV2', ['x', 'w']),
        weights('k', 2, 4, 3),
        node('z', 'MatMul', ['y', 'k'], {transpose_a: flag(false)}),
      ]);
      const three = gaussianTensor([3, 4], 1);
      const error = await errorOf(compressGraph(fixed).pipe(calibrate(three), spfqQuantize()));
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.match(
        pattern(
          /^layer 'segment_0': expected its part of the graph to run on \[3, 4\], got: .*; a graph that was /,
          /made for single samples needs calibrate\(x, \{batchSize: 1\}\)$/,
        ),
      );
      const compression = await lastValueFrom(
        compressGraph(fixed).pipe(calibrate(three, {batchSize: 1}), rtnQuantize()),
      );
      expect(compression.layers).to.have.length(1);
      compression.dispose();
      fixed.dispose();
      three.dispose();
    });

    it('exports of what is no graph, or not compressed; exportStock of a graph', async () => {
      const network = denseNetwork();
      const vectors = gaussianTensor([16, 6], 1);
      const ofLayers = await lastValueFrom(compress(network).pipe(calibrate(vectors), rtnQuantize()));
      const bare = await lastValueFrom(compressGraph(graph));
      const compressed = await lastValueFrom(compressGraph(graph).pipe(calibrate(x), rtnQuantize()));
      const messages = await Promise.all(
        [
          exportGraph(ofLayers, nowhere),
          toGraphModel(ofLayers),
          exportGraph(bare, nowhere),
          exportStock(compressed, nowhere),
          exportGraph(compressed, 'nowhere://'),
        ].map((promise) =>
          promise.then(
            () => 'none',
            (error: unknown) => (error as Error).message,
          ),
        ),
      );
      expect(messages).to.deep.equal([
        'exportGraph: expected a compression of a tf.GraphModel, from compressGraph; that of a tf.LayersModel ' +
          'goes into exportStock or pack()',
        'toGraphModel: expected a compression of a tf.GraphModel, from compressGraph; that of a tf.LayersModel ' +
          'goes into exportStock or pack()',
        'exportGraph: expected a compression with compressed layers, got none; put spfqQuantize or spfqPrune before it',
        'exportStock: expected a compression of a tf.LayersModel, got that of a tf.GraphModel; it goes into ' +
          'exportGraph',
        "exportGraph: expected `handler` to be an IOHandler with `save`, or a URL of one, got 'nowhere://'",
      ]);
      compressed.dispose();
      expect(await toGraphModel(compressed).catch((error: unknown) => (error as Error).message)).to.match(
        /^toGraphModel: expected a live model, got 'graph' after its dispose\(\)/,
      );
      [ofLayers, bare, network, vectors].forEach((one) => {
        one.dispose();
      });
    });

    it('exports of weights that were streamed', async () => {
      const {weightData, ...artifacts} = graphArtifacts(convGraph());
      const bytes = weightData as ArrayBuffer;
      const getWeightStream = (): ReadableStream<ArrayBuffer> =>
        new ReadableStream({
          start: (stream) => {
            stream.enqueue(bytes);
            stream.close();
          },
        });
      const streamed = await loadGraphModel({load: () => Promise.resolve({...artifacts, getWeightStream})});
      const compression = await lastValueFrom(
        compressGraph(streamed).pipe(calibrate(x), rtnQuantize(), correct(), evaluate({xs: x})),
      );
      expect(await toGraphModel(compression).catch((error: unknown) => (error as Error).message)).to.equal(
        'toGraphModel: expected the GraphModel to have kept the weights that it was loaded from, found none; ' +
          'load it without `streamWeights`',
      );
      compression.dispose();
      streamed.dispose();
    });
  });

  it('a graph for single samples is calibrated and evaluated sample by sample', async () => {
    const nodes = [
      placeholder('x', 1, 4),
      weights('w', 1, 1, 4),
      node('y', 'AddV2', ['x', 'w']),
      weights('k', 2, 4, 3),
      node('z', 'MatMul', ['y', 'k']),
    ];
    const graph = await graphModel(nodes);
    const x = gaussianTensor([24, 4], 1);
    const compression = await lastValueFrom(
      compressGraph(graph).pipe(calibrate(x), spfqQuantize({bits: 8}), evaluate({xs: x})),
    );
    expect(compression.report.evaluation?.samples).to.equal(24);
    expect(compression.report.evaluation?.relativeError).to.be.within(1e-6, 1e-2);
    compression.dispose();
    graph.dispose();
    x.dispose();
  });
});
