import {type GraphModel, loadGraphModel} from '@tensorflow/tfjs-converter';
import {io} from '@tensorflow/tfjs-core';
import {gaussians} from '../numerics/randomMatrices.ts';

/** A node as in the `model.json` of a converted graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
  /** Of a constant: its numbers. */
  readonly values?: ArrayLike<number>;
  readonly shape?: readonly number[];
  readonly dtype?: 'float32' | 'int32';
}

export const text = (value: string): object => ({s: btoa(value)});
export const texts = (...values: readonly string[]): object => ({list: {s: values.map((value) => btoa(value))}});
export const ints = (...values: readonly number[]): object => ({list: {i: values.map(String)}});
export const flag = (b: boolean): object => ({b});
export const FLOAT = {type: 'DT_FLOAT'};

/** An input; −1 leaves a size open. */
export function placeholder(name: string, ...shape: readonly number[]): GraphNode {
  return {
    name,
    op: 'Placeholder',
    attr: {dtype: FLOAT, shape: {shape: {dim: shape.map((size) => ({size: String(size)}))}}},
  };
}

/** A constant of normal numbers of deviation ½. */
export function weights(name: string, seed: number, ...shape: readonly number[]): GraphNode {
  const next = gaussians(seed);
  return constant(
    name,
    shape,
    Float32Array.from({length: shape.reduce((product, size) => product * size, 1)}, () => 0.5 * next()),
  );
}

export function constant(name: string, shape: readonly number[], values: ArrayLike<number>): GraphNode {
  return {name, op: 'Const', shape, values, dtype: 'float32', attr: {dtype: FLOAT}};
}

export function integers(name: string, ...values: readonly number[]): GraphNode {
  return {name, op: 'Const', shape: [values.length], values, dtype: 'int32', attr: {dtype: {type: 'DT_INT32'}}};
}

/** Any other node. */
export function node(
  name: string,
  op: string,
  input: readonly string[],
  attr: Readonly<Record<string, unknown>> = {},
): GraphNode {
  return {name, op, input, attr: {T: FLOAT, ...attr}};
}

/** A convolution, stride 1 and `SAME` unless `attr` says otherwise. */
export function conv(
  name: string,
  op: string,
  input: readonly string[],
  attr: Readonly<Record<string, unknown>> = {},
): GraphNode {
  return node(name, op, input, {
    strides: ints(1, 1, 1, 1),
    dilations: ints(1, 1, 1, 1),
    padding: text('SAME'),
    data_format: text('NHWC'),
    ...attr,
  });
}

/** What a converter would have written. */
export function graphArtifacts(nodes: readonly GraphNode[]): io.ModelArtifacts {
  const constants = nodes.filter(({values}) => values);
  const parts = constants.map(
    ({values = [], dtype}) =>
      new Uint8Array(dtype === 'int32' ? Int32Array.from(values).buffer : Float32Array.from(values).buffer),
  );
  const weightData = new Uint8Array(parts.flatMap((part) => [...part]));
  return {
    format: 'graph-model',
    generatedBy: '2.4.1',
    convertedBy: 'test',
    modelTopology: {
      node: nodes.map(({name, op, input = [], attr = {}}) => ({name, op, input, attr})),
      versions: {producer: 1, minConsumer: 1},
      library: {},
    },
    weightSpecs: constants.map(({name, shape = [], dtype = 'float32'}) => ({name, shape: [...shape], dtype})),
    weightData: weightData.buffer,
  };
}

export async function graphModel(nodes: readonly GraphNode[]): Promise<GraphModel> {
  return loadGraphModel(io.fromMemory(graphArtifacts(nodes)));
}

/**
 * A small network of all ops that are compressed, 8 × 8 × 2 → 3, whose flattening computes its shape from that of its
 * input.
 */
export function convGraph(): GraphNode[] {
  return [
    placeholder('x', -1, 8, 8, 2),
    weights('stem/filter', 1, 3, 3, 2, 4),
    weights('stem/bias', 2, 4),
    conv('stem', 'Conv2D', ['x', 'stem/filter']),
    node('stem/add', 'BiasAdd', ['stem', 'stem/bias']),
    node('stem/relu', 'Relu', ['stem/add']),
    weights('depth/filter', 3, 3, 3, 4, 1),
    weights('depth/offset', 4, 1, 1, 1, 4),
    conv('depth', 'DepthwiseConv2dNative', ['stem/relu', 'depth/filter']),
    node('depth/add', 'AddV2', ['depth', 'depth/offset']),
    node('sum', 'AddV2', ['depth/add', 'stem/relu']),
    node('sum/relu', 'Relu6', ['sum']),
    {name: 'shape', op: 'Shape', input: ['sum/relu'], attr: {T: FLOAT, out_type: {type: 'DT_INT32'}}},
    integers('zero', 0),
    integers('one', 1),
    {...integers('minus', -1), shape: []},
    node('batch', 'StridedSlice', ['shape', 'zero', 'one', 'one'], {
      shrink_axis_mask: {i: '1'},
      begin_mask: {i: '0'},
      end_mask: {i: '0'},
      new_axis_mask: {i: '0'},
      ellipsis_mask: {i: '0'},
    }),
    node('flat/shape', 'Pack', ['batch', 'minus'], {axis: {i: '0'}, N: {i: '2'}}),
    node('flat', 'Reshape', ['sum/relu', 'flat/shape']),
    weights('hidden/kernel', 5, 256, 8),
    weights('hidden/bias', 6, 8),
    node('hidden', '_FusedMatMul', ['flat', 'hidden/kernel', 'hidden/bias'], {
      transpose_a: flag(false),
      transpose_b: flag(false),
      num_args: {i: '1'},
      fused_ops: texts('BiasAdd', 'Relu'),
    }),
    weights('scores/kernel', 7, 3, 8),
    node('scores', 'MatMul', ['hidden', 'scores/kernel'], {transpose_a: flag(false), transpose_b: flag(true)}),
    node('probabilities', 'Softmax', ['scores']),
  ];
}
