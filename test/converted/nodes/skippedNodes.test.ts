import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compressGraph, rtnQuantize, toGraphModel} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {
  constant,
  conv,
  flag,
  FLOAT,
  graphModel,
  type GraphNode,
  integers,
  ints,
  node,
  placeholder,
  texts,
  weights,
} from '../../support/models/graphs.ts';
import {errorOf, gaussianTensor} from '../../support/models/smallNetworks.ts';

const supported =
  'unsupported op; supported are Conv2D, _FusedConv2D, DepthwiseConv2dNative, FusedDepthwiseConv2dNative, ' +
  'MatMul, _FusedMatMul, BatchMatMulV2, BatchMatMul';
/** A node that is compressed, so that stages have something to do. */
const head = (input: string): GraphNode[] => [weights('head/w', 8, 5, 2), node('head', 'MatMul', [input, 'head/w'])];
const rows = placeholder('x', -1, 5);
const image = placeholder('x', -1, 6, 6, 3);
const pooled = [integers('axes', 1, 2), node('mean', 'Mean', ['y', 'axes'], {keep_dims: flag(false)}), ...head('mean')];

const cases: ReadonlyArray<readonly [op: string, reason: string, nodes: readonly GraphNode[], name?: string]> = [
  [
    'MatMul',
    'has its constant matrix on the left',
    [placeholder('x', 5, 5), weights('w', 1, 5, 5), node('y', 'MatMul', ['w', 'x']), ...head('y')],
  ],
  [
    'MatMul',
    'transposes its input: features are not its last axis',
    [
      placeholder('x', 5, 5),
      weights('w', 1, 5, 5),
      node('y', 'MatMul', ['x', 'w'], {transpose_a: flag(true)}),
      ...head('y'),
    ],
  ],
  [
    'BatchMatMulV2',
    'has a constant of rank 3: a matrix for each of a batch',
    [
      rows,
      weights('w', 1, 1, 5, 5),
      node('y', 'BatchMatMulV2', ['x', 'w']),
      integers('zero', 0),
      integers('none', -1, 5),
      node('z', 'Reshape', ['y', 'none']),
      ...head('z'),
    ],
  ],
  ['AddV2', supported, [rows, weights('w', 1, 4, 5), node('y', 'AddV2', ['x', 'w']), ...head('y')]],
  [
    '_FusedMatMul',
    'has the fused op Tan, which no layer has',
    [
      rows,
      weights('w', 1, 5, 5),
      weights('b', 2, 5),
      node('y', '_FusedMatMul', ['x', 'w', 'b'], {fused_ops: texts('BiasAdd', 'Tan'), num_args: {i: '1'}}),
      ...head('y'),
    ],
  ],
  [
    'DepthwiseConv2dNative',
    'has dilations, which the layer DepthwiseConv2D of tfjs ignores',
    [
      image,
      weights('w', 1, 2, 2, 3, 1),
      weights('v', 2, 1, 1, 3, 5),
      conv('z', 'DepthwiseConv2dNative', ['x', 'w'], {dilations: ints(1, 2, 2, 1)}),
      conv('y', 'Conv2D', ['z', 'v']),
      ...pooled,
    ],
    'z',
  ],
  [
    'Conv2D',
    'has strides as well as dilations, which tfjs layers do not have together',
    [
      image,
      weights('w', 1, 2, 2, 3, 5),
      conv('y', 'Conv2D', ['x', 'w'], {dilations: ints(1, 2, 2, 1), strides: ints(1, 2, 2, 1)}),
      ...pooled,
    ],
  ],
  [
    'MatMul',
    "shares its weights with 'u', which uses them otherwise",
    [
      rows,
      weights('w', 1, 5, 5),
      node('y', 'MatMul', ['x', 'w']),
      node('u', 'MatMul', ['y', 'w'], {transpose_b: flag(true)}),
      ...head('u'),
    ],
  ],
];

onBackends(['cpu', 'wasm'], (backend) => {
  describe('nodes with weights that are not compressed', () => {
    for (const [op, reason, nodes, name = 'y'] of cases) {
      it(`${op}: ${reason}`, async () => {
        const graph = await graphModel(nodes);
        const x = gaussianTensor(graph.inputs[0].shape?.map((size) => (size < 0 ? 4 : size)) ?? [], 5);
        // What tfjs itself does not run is only listed.
        const stages = /strides|Tan/.test(reason)
          ? undefined
          : await lastValueFrom(compressGraph(graph).pipe(calibrate(x), rtnQuantize({bits: 8})));
        const compression = stages ?? (await lastValueFrom(compressGraph(graph)));
        const skipped =
          stages?.report.skipped ??
          compression.model.layers.flatMap((layer): unknown[] =>
            'skippedNodes' in layer ? [layer.skippedNodes].flat() : [],
          );
        expect(skipped).to.deep.include({...(stages && {stage: 'rtnQuantize'}), name, className: op, reason});
        expect(compression.model.layers.map((layer) => layer.name))
          .to.include('head')
          .and.not.include(name);
        compression.dispose();
        graph.dispose();
        x.dispose();
      });
    }

    it('of several kinds are all named where nothing is left to do', async () => {
      const graph = await graphModel([rows, weights('w', 1, 4, 5), node('y', 'Mul', ['x', 'w'])]);
      const x = gaussianTensor([4, 5], 1);
      const error = await errorOf(compressGraph(graph).pipe(calibrate(x), rtnQuantize()));
      expect(error.message).to.equal(
        `rtnQuantize: expected a model with at least one layer to compress, got none: y (Mul): ${supported}`,
      );
      graph.dispose();
      x.dispose();
    });

    it('products of two values that are computed have no weights, and are not listed', async () => {
      const graph = await graphModel([
        rows,
        node('y', 'MatMul', ['x', 'x'], {transpose_b: flag(true)}),
        integers('one', 1),
        node('z', 'Sum', ['y', 'one'], {keep_dims: flag(true)}),
        node('s', 'Mul', ['z', 'x']),
        ...head('s'),
      ]);
      const x = gaussianTensor([4, 5], 1);
      const compression = await lastValueFrom(compressGraph(graph).pipe(calibrate(x), rtnQuantize()));
      expect(compression.report.skipped).to.deep.equal([]);
      compression.dispose();
      graph.dispose();
      x.dispose();
    });

    it('behind an op that tfjs only runs asynchronously: the graph is calibrated up to there', async () => {
      const graph = await graphModel([
        rows,
        ...head('x'),
        constant('limit', [], [0.1]),
        node('mask', 'Greater', ['head', 'limit']),
        node('places', 'Where', ['mask']),
        node('cast', 'Cast', ['places'], {SrcT: {type: 'DT_INT64'}, DstT: FLOAT, Truncate: flag(false)}),
        weights('late/w', 3, 2, 3),
        node('late', 'MatMul', ['cast', 'late/w']),
      ]);
      const x = gaussianTensor([16, 5], 1);
      const compression = await lastValueFrom(compressGraph(graph).pipe(calibrate(x), rtnQuantize({bits: 8})));
      expect(compression.layers.map(({name}) => name)).to.deep.equal(['head']);
      expect(compression.report.skipped).to.deep.equal([
        {
          stage: 'rtnQuantize',
          name: 'late',
          className: 'MatMul',
          reason: 'comes after a dynamic op (Where): calibration runs the graph up to there',
        },
      ]);
      const small = await toGraphModel(compression);
      const [places, expected] = [await small.executeAsync(x), await graph.executeAsync(x)].flat();
      expect(places.shape).to.deep.equal(expected.shape);
      expect([places.rank, places.shape[1]]).to.deep.equal([2, 3]);
      [small, graph, compression, x, places, expected].forEach((one) => {
        one.dispose();
      });
      expect(backend).to.be.a('string');
    });
  });
});
