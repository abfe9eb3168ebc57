import type {io} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';

/** A layer and how it is stored. */
export interface LayerRow {
  readonly name: string;
  /** Of a packed layer, that of the layer it stands for. */
  readonly type: string;
  /** Without the batch; null where it is open. */
  readonly outputShape: ReadonlyArray<number | null> | undefined;
  /** All its parameters. */
  readonly weights: number;
  /** In words: 'float32', 'uint8', or of a packed layer its letters. */
  readonly storedAs: string;
  /** What is packed. */
  readonly packing: PackingFacts | undefined;
  /** In the weight files. */
  readonly bytes: number;
}

/** How the kernels of a packed layer are stored. */
export interface PackingFacts {
  /** Letters of its alphabet; undefined where the weights that are kept are float32, or its kernels differ. */
  readonly levels: number | undefined;
  /** log₂ of it; of kernels that differ the mean over their weights. */
  readonly bits: number;
  /** Share of its weights that are 0 because they were pruned. */
  readonly sparsity: number;
  /** How many weights it stands for. */
  readonly weights: number;
}

/** The layers of a model, those of nested models too, each once. */
export function layerRows(model: LayersModel, stored: readonly io.WeightsManifestEntry[]): LayerRow[] {
  const entries = new Map(stored.map((entry) => [entry.name, entry]));
  return [...new Set(leavesOf(model))].map((layer) => rowOf(layer, entries));
}

function leavesOf(container: {readonly layers: layers.Layer[]}): layers.Layer[] {
  return container.layers.flatMap((layer) => (isContainer(layer) ? leavesOf(layer) : [layer]));
}

function isContainer(layer: layers.Layer): layer is layers.Layer & {readonly layers: layers.Layer[]} {
  return 'layers' in layer && Array.isArray(layer.layers);
}

function rowOf(layer: layers.Layer, entries: ReadonlyMap<string, io.WeightsManifestEntry>): LayerRow {
  const stored = layer.weights.map(
    ({originalName, shape, dtype}) =>
      entries.get(originalName) ?? {
        name: originalName,
        shape: shape.map((length) => length ?? 0),
        dtype: 'float32' as const,
        ...(dtype === 'int32' && {dtype}),
      },
  );
  const packing = packingOf(layer);
  const forms = [...new Set(stored.map(({dtype, quantization}) => quantization?.dtype ?? dtype))];
  return {
    name: layer.name,
    type: wrappedClass(layer) ?? layer.getClassName(),
    outputShape: outputShapeOf(layer),
    weights: packing ? packing.weights + plainWeights(layer) : stored.reduce((sum, {shape}) => sum + sizeOf(shape), 0),
    storedAs: packing ? packingText(packing) : forms.join(', ') || '–',
    packing,
    bytes: stored.reduce(
      (sum, {shape, dtype, quantization}) => sum + sizeOf(shape) * (BYTES[quantization?.dtype ?? dtype] ?? 4),
      0,
    ),
  };
}

const BYTES: Readonly<Record<string, number>> = {float16: 2, uint16: 2, uint8: 1, bool: 1, complex64: 8};

function packingText({levels, bits, sparsity}: PackingFacts): string {
  const zeros = sparsity > 0 ? `, ${(100 * sparsity).toFixed(0)} % zeros` : '';
  return `${levels === undefined && bits === 32 ? 'float32' : `${bits.toFixed(2)} bits`}${zeros}`;
}

/** The JSON of a packed layer says how it is packed. */
function packingOf(layer: layers.Layer): PackingFacts | undefined {
  const packings: unknown = wrappedClass(layer) === undefined ? undefined : layer.getConfig()['packings'];
  if (!Array.isArray(packings)) return undefined;
  const kernels = packings.filter((packing): packing is KernelPacking => packing !== null);
  const weightsOf = ({problems, features, neurons}: KernelPacking): number => problems * features * neurons;
  const total = (numberOf: (kernel: KernelPacking) => number): number =>
    kernels.reduce((sum, kernel) => sum + numberOf(kernel), 0);
  const weights = total(weightsOf);
  const levels = new Set(kernels.map(({letters}) => letters?.levels));
  return {
    levels: levels.size === 1 ? [...levels][0] : undefined,
    bits: total((kernel) => weightsOf(kernel) * (kernel.letters ? Math.log2(kernel.letters.levels) : 32)) / weights,
    sparsity: 1 - total(({kept}) => kept) / weights,
    weights,
  };
}

interface KernelPacking {
  readonly problems: number;
  readonly features: number;
  readonly neurons: number;
  readonly kept: number;
  readonly letters?: {readonly levels: number};
}

/** The class of the layer that a packed one stands for. */
function wrappedClass(layer: layers.Layer): string | undefined {
  if (!layer.getClassName().startsWith('Packed (')) return undefined;
  const wrapped: unknown = layer.getConfig()['layer'];
  return typeof wrapped === 'object' && wrapped !== null && 'className' in wrapped
    ? String(wrapped.className)
    : undefined;
}

/** The arrays of a packing, by the ends of their names. */
const PACKED_ARRAY = /(codes|steps|offsets|mask|values)$/;

function plainWeights(layer: layers.Layer): number {
  return layer.weights
    .filter(({originalName}) => !PACKED_ARRAY.test(originalName))
    .reduce((sum, {shape}) => sum + sizeOf(shape), 0);
}

function outputShapeOf(layer: layers.Layer): ReadonlyArray<number | null> | undefined {
  try {
    const [first] = [layer.getOutputAt(0)].flat();
    return first.shape.slice(1);
  } catch {
    return undefined; // of a layer inside another
  }
}

function sizeOf(shape: ReadonlyArray<number | null>): number {
  return shape.reduce<number>((size, length) => size * (length ?? 1), 1);
}
