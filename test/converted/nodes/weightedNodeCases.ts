import {
  constant,
  conv,
  flag,
  type GraphNode,
  integers,
  ints,
  node,
  placeholder,
  text,
  texts,
  weights,
} from '../../support/models/graphs.ts';

const fused = (...ops: readonly string[]): Readonly<Record<string, object>> => ({
  fused_ops: texts(...ops),
  num_args: {i: String(ops.includes('Prelu') ? 2 : 1)},
});
const image = placeholder('x', -1, 7, 6, 3);
const filter = weights('w', 1, 3, 2, 3, 4);
const bias = weights('b', 2, 4);
const rows = placeholder('x', -1, 5);

/** What a node becomes: the op's name and attributes, its graph, the layer, and its options. */
export const cases: ReadonlyArray<
  readonly [name: string, nodes: readonly GraphNode[], layer: string, options?: Readonly<Record<string, unknown>>]
> = [
  [
    'Conv2D, SAME',
    [image, filter, conv('y', 'Conv2D', ['x', 'w'])],
    'Conv2D',
    {padding: 'same', useBias: false, activation: 'linear'},
  ],
  [
    'Conv2D, VALID, strides [1, 2]',
    [image, filter, conv('y', 'Conv2D', ['x', 'w'], {padding: text('VALID'), strides: ints(1, 1, 2, 1)})],
    'Conv2D',
    {padding: 'valid', strides: [1, 2]},
  ],
  [
    'Conv2D, dilations',
    [image, filter, conv('y', 'Conv2D', ['x', 'w'], {dilations: ints(1, 2, 3, 1)})],
    'Conv2D',
    {dilationRate: [2, 3]},
  ],
  [
    'Conv2D, EXPLICIT',
    [
      image,
      filter,
      conv('y', 'Conv2D', ['x', 'w'], {padding: text('EXPLICIT'), explicit_paddings: ints(0, 0, 2, 1, 0, 3, 0, 0)}),
    ],
    'Conv2D',
    {padding: 'valid'},
  ],
  [
    '_FusedConv2D, BiasAdd and Relu',
    [image, filter, bias, conv('y', '_FusedConv2D', ['x', 'w', 'b'], fused('BiasAdd', 'Relu'))],
    'Conv2D',
    {useBias: true, activation: 'relu'},
  ],
  [
    '_FusedConv2D, BiasAdd and Relu6',
    [image, filter, bias, conv('y', '_FusedConv2D', ['x', 'w', 'b'], fused('BiasAdd', 'Relu6'))],
    'Conv2D',
    {activation: 'relu6'},
  ],
  [
    '_FusedConv2D, BiasAdd and Elu',
    [image, filter, bias, conv('y', '_FusedConv2D', ['x', 'w', 'b'], fused('BiasAdd', 'Elu'))],
    'Conv2D',
    {activation: 'elu'},
  ],
  [
    '_FusedConv2D, BiasAdd and LeakyRelu',
    [
      image,
      filter,
      bias,
      conv('y', '_FusedConv2D', ['x', 'w', 'b'], {...fused('BiasAdd', 'LeakyRelu'), leakyrelu_alpha: {f: 0.3}}),
    ],
    'Conv2D',
    {useBias: true, activation: 'linear'},
  ],
  [
    '_FusedConv2D, BiasAdd and Prelu',
    [
      image,
      filter,
      bias,
      weights('a', 3, 1, 1, 4),
      conv('y', '_FusedConv2D', ['x', 'w', 'b', 'a'], fused('BiasAdd', 'Prelu')),
    ],
    'Conv2D',
    {useBias: true, activation: 'linear'},
  ],
  [
    'Conv2D, then BiasAdd and Sigmoid',
    [
      image,
      filter,
      bias,
      conv('c', 'Conv2D', ['x', 'w']),
      node('d', 'BiasAdd', ['c', 'b']),
      node('y', 'Sigmoid', ['d']),
    ],
    'Conv2D',
    {name: 'c', useBias: true, activation: 'sigmoid'},
  ],
  [
    'Conv2D, then Add of a constant on the left',
    [image, filter, bias, conv('c', 'Conv2D', ['x', 'w']), node('y', 'Add', ['b', 'c'])],
    'Conv2D',
    {name: 'c', useBias: true},
  ],
  [
    'Conv2D, then Add of a number',
    [image, filter, constant('b', [], [2]), conv('c', 'Conv2D', ['x', 'w']), node('y', 'Add', ['c', 'b'])],
    'Conv2D',
    {name: 'c', useBias: false},
  ],
  [
    'Conv2D, whose output is taken twice',
    [
      image,
      filter,
      bias,
      conv('c', 'Conv2D', ['x', 'w']),
      node('d', 'BiasAdd', ['c', 'b']),
      node('y', 'AddV2', ['d', 'c']),
    ],
    'Conv2D',
    {name: 'c', useBias: false},
  ],
  [
    'DepthwiseConv2dNative',
    [image, weights('w', 1, 3, 2, 3, 2), conv('y', 'DepthwiseConv2dNative', ['x', 'w'])],
    'DepthwiseConv2D',
    {depthMultiplier: 2},
  ],
  [
    'FusedDepthwiseConv2dNative, EXPLICIT',
    [
      image,
      weights('w', 1, 3, 2, 3, 1),
      weights('b', 2, 3),
      conv('y', 'FusedDepthwiseConv2dNative', ['x', 'w', 'b'], {
        ...fused('BiasAdd', 'Relu'),
        padding: text('EXPLICIT'),
        explicit_paddings: ints(0, 0, 1, 1, 1, 0, 0, 0),
      }),
    ],
    'DepthwiseConv2D',
    {useBias: true, activation: 'relu'},
  ],
  ['MatMul', [rows, weights('w', 1, 5, 4), node('y', 'MatMul', ['x', 'w'])], 'Dense', {units: 4, useBias: false}],
  [
    'MatMul, transpose_b',
    [rows, weights('w', 1, 4, 5), node('y', 'MatMul', ['x', 'w'], {transpose_b: flag(true)})],
    'Dense',
    {units: 4},
  ],
  [
    '_FusedMatMul',
    [rows, weights('w', 1, 5, 4), bias, node('y', '_FusedMatMul', ['x', 'w', 'b'], fused('BiasAdd', 'Relu'))],
    'Dense',
    {useBias: true, activation: 'relu'},
  ],
  [
    'MatMul of a constant through Identity',
    [rows, weights('w', 1, 5, 4), node('read', 'Identity', ['w']), node('y', 'MatMul', ['x', 'read'])],
    'Dense',
    {units: 4},
  ],
  [
    'MatMul of a constant through Transpose',
    [
      rows,
      weights('w', 1, 4, 5),
      integers('perm', 1, 0),
      node('turned', 'Transpose', ['w', 'perm'], {Tperm: {type: 'DT_INT32'}}),
      node('y', 'MatMul', ['x', 'turned']),
    ],
    'Dense',
    {units: 4},
  ],
  [
    'MatMul of a constant through Reshape',
    [
      rows,
      weights('w', 1, 20),
      integers('sizes', 5, 4),
      node('shaped', 'Reshape', ['w', 'sizes']),
      node('y', 'MatMul', ['x', 'shaped']),
    ],
    'Dense',
    {units: 4},
  ],
  [
    'BatchMatMulV2 of rank 3',
    [placeholder('x', -1, 6, 5), weights('w', 1, 5, 4), node('y', 'BatchMatMulV2', ['x', 'w'])],
    'Dense',
    {units: 4},
  ],
  [
    'BatchMatMulV2, adj_y',
    [placeholder('x', -1, 6, 5), weights('w', 1, 4, 5), node('y', 'BatchMatMulV2', ['x', 'w'], {adj_y: flag(true)})],
    'Dense',
    {units: 4},
  ],
  [
    'MatMul of one kernel, twice',
    [
      rows,
      weights('w', 1, 5, 5),
      node('y', 'MatMul', ['x', 'w']),
      node('r', 'Tanh', ['y']),
      node('s', 'Neg', ['y']),
      node('t', 'AddV2', ['r', 's']),
      node('u', 'MatMul', ['t', 'w']),
    ],
    'Dense',
    {units: 5},
  ],
  [
    'MatMul behind a bias that another node takes, too',
    [
      rows,
      weights('w', 1, 5, 4),
      bias,
      node('c', 'MatMul', ['x', 'w']),
      node('d', 'BiasAdd', ['c', 'b']),
      node('y', 'Mul', ['d', 'b']),
    ],
    'Dense',
    {name: 'c', useBias: true},
  ],
];
