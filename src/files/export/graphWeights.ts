import type {layers} from '@tensorflow/tfjs-layers';
import type {GraphWeights} from '../../converted/bridge/graphOrigin.ts';
import {nodeOf} from '../../converted/graph/nodeDef.ts';
import type {KernelAdapter} from '../../layers/adapter/kernelAdapter.ts';
import type {CompressedLayer} from '../../records.ts';
import type {ConstantForm, GraphEditor} from './graphEditor.ts';
import {toSixteenBits} from './sixteenBits.ts';
import type {StockLayer} from './stockReport.ts';
import {findChannelForm, findLetterForm, type StoredForm} from './storedForm.ts';

/** A kernel to write. */
export interface GraphKernel {
  readonly layer: layers.Layer;
  readonly adapter: KernelAdapter;
  readonly record: CompressedLayer;
  readonly kernel: Float32Array;
}

/** Writes a kernel into a graph in place of its original constant. */
export function writeKernel(
  graph: GraphEditor,
  graphWeights: GraphWeights,
  {layer, adapter, record, kernel}: GraphKernel,
): StockLayer {
  const shape = layer.weights[adapter.weight].shape.map(Number);
  const about = {name: record.name, className: record.className, weights: kernel.length, maxWeight: largest(kernel)};
  const layout = layoutOf(shape, graphWeights.isTransposed);
  if (record.kind === 'pruned') {
    graph.putConstant(nodeOf(graphWeights.kernel), layout.floats(kernel));
    return {...about, method: 'float32', exact: true, maxError: 0, bytes: 4 * kernel.length};
  }
  const one = findLetterForm(record, kernel);
  const channels = one ? undefined : findChannelForm({layer, kernel: adapter, record}, kernel);
  const form = one ?? channels?.form ?? toSixteenBits(kernel);
  if (channels) writeChannels(graph, nodeOf(graphWeights.kernel), layout.form(form), layout.factors(channels.factors));
  else graph.putConstant(nodeOf(graphWeights.kernel), layout.form(form));
  const maxError = channels ? 0 : largest(kernel.map((value, i) => value - form.values[i]));
  return {
    ...about,
    method: form.dtype,
    exact: maxError === 0,
    maxError,
    foldedInto: channels && nodeOf(graphWeights.kernel),
    bytes: form.bytes.length + 4 * (channels?.factors.length ?? 0),
  };
}

/** Writes a bias into a graph in place of its original constant, or beside it if other nodes use that, too. */
export function writeBias(graph: GraphEditor, {name, bias, biasNodes}: GraphWeights, values: Float32Array): void {
  if (bias === undefined) return;
  const isOwn = graph.consumersOf(nodeOf(bias)).every((consumer) => biasNodes.includes(consumer.name));
  const target = isOwn ? nodeOf(bias) : `${name}/bias`;
  graph.putConstant(target, {shape: graph.shapeOf(bias) ?? [values.length], bytes: bytesOf(values)});
  if (!isOwn)
    biasNodes.forEach((node) => {
      graph.redirect(node, bias, target);
    });
}

function writeChannels(graph: GraphEditor, name: string, letters: ConstantForm, factors: ConstantForm): void {
  graph.putConstant(`${name}/letters`, letters);
  graph.putConstant(`${name}/steps`, factors);
  graph.putProduct(name, `${name}/letters`, `${name}/steps`);
}

/** How the kernel of a layer is arranged in its graph. */
interface KernelLayout {
  floats(kernel: Float32Array): ConstantForm;
  form(form: StoredForm): ConstantForm;
  factors(factors: Float32Array): ConstantForm;
}

function layoutOf(shape: readonly number[], isTransposed: boolean): KernelLayout {
  const inGraph = isTransposed ? [...shape].reverse() : shape;
  const arranged = (bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> =>
    isTransposed ? transposeBytes(bytes, shape, width) : bytes;
  return {
    floats: (kernel) => ({shape: inGraph, bytes: arranged(bytesOf(kernel), 4)}),
    form: ({dtype, affine, bytes}) => ({
      shape: inGraph,
      quantization: {dtype, affine},
      bytes: arranged(bytes, dtype === 'uint8' ? 1 : 2),
    }),
    // The neurons of a depthwise kernel are its last two axes.
    factors: (factors) => ({
      shape: isTransposed ? [factors.length, 1] : factorShape(factors.length, shape),
      bytes: bytesOf(factors),
    }),
  };
}

function factorShape(count: number, shape: readonly number[]): number[] {
  const neurons = shape[shape.length - 1];
  return count === neurons ? [neurons] : [count / neurons, neurons];
}

/** The transpose of a matrix whose entries have `width` bytes each. */
function transposeBytes(
  bytes: Uint8Array<ArrayBuffer>,
  [rows, columns]: readonly number[],
  width: number,
): Uint8Array<ArrayBuffer> {
  const transposed = new Uint8Array(bytes.length);
  for (let t = 0; t < rows; t++) {
    for (let n = 0; n < columns; n++)
      transposed.set(bytes.subarray((t * columns + n) * width, (t * columns + n + 1) * width), (n * rows + t) * width);
  }
  return transposed;
}

function bytesOf(values: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float32Array.from(values).buffer);
}

function largest(values: Float32Array): number {
  return values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}
