import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {Mask} from './numerics/linalg/mask.ts';
import type {Granularity, Scales} from './numerics/scales/scales.ts';
import type {Alphabet} from './numerics/stochastic/alphabet.ts';
import type {Report} from './report/report.ts';

/** A model on its way through the stages: an immutable record that each stage replaces by the next. */
export interface Compression {
  /** The model as it came; never written to, never disposed. */
  readonly original: LayersModel;
  /** The same topology, compressed so far. Before the first stage it is `original` itself. */
  readonly model: LayersModel;
  /** The compressed layers, in the order of the walk. */
  readonly layers: readonly CompressedLayer[];
  /** What stages calibrate on, unless {@link calibrate} names something else. */
  readonly calibration: BatchSource | undefined;
  /** What the stages so far did, and what came of it. */
  readonly report: Report;
  /** The default seed of the stages. */
  readonly seed: number;
  /** Who sees the progress of the stages that follow. */
  readonly observers: readonly ProgressObserver[];
  /** The epoch at whose end it was taken, from 1; of {@link epochEnd} only. */
  readonly epoch?: number;
  /** What its source did for it, and has to know of it. */
  readonly origin: Origin;
  /**
   * Frees `model`, unless it is the user's own; of {@link epochEnd} and {@link compressGraph} `original` too, which is a copy. Whoever receives a compression
   * owns it: a stage frees what it was given when it has made the next, the last subscriber keeps the model or disposes of it.
   */
  dispose(): void;
}

/** The source's side of a compression. */
export interface Origin {
  /** Frees `original`, where the source made it for this compression alone. More than once is once. */
  release(): void;
  /** Told of all work on the compression, where training has to wait for it. */
  wait(work: Promise<unknown>): void;
  /** What {@link exportGraph} needs of the converted graph that `original` stands for; of {@link compressGraph} only. */
  readonly graph?: object;
}

/** What stages made of one layer. */
export type CompressedLayer = QuantizedLayer | PrunedLayer;

/** A layer of letters, some of whose weights may be pruned. */
export interface QuantizedLayer {
  /** Tells it from a {@link PrunedLayer}. */
  readonly kind: 'quantized';
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type, as in `Dense`. */
  readonly className: string;
  /** The letters in steps: its own `step` is 1. */
  readonly alphabet: Alphabet;
  /** Which weights share a step. */
  readonly granularity: Granularity;
  /** One for each problem of the layer: a Dense or Conv2D has one, a DepthwiseConv2D one per channel. */
  readonly matrices: readonly QuantizedMatrix[];
}

/** A layer some of whose weights are 0, the others float32. */
export interface PrunedLayer {
  /** Tells it from a {@link QuantizedLayer}. */
  readonly kind: 'pruned';
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type, as in `Dense`. */
  readonly className: string;
  /** One for each problem of the layer. */
  readonly matrices: readonly PrunedMatrix[];
}

/** A weight matrix as codes: weight (t, n) = step(t, n) · (code + shift) + offset(t, n) where the mask keeps it, else exactly 0. */
export interface QuantizedMatrix {
  /** Rows of W: the fan-in of a neuron. */
  readonly features: number;
  /** Columns of W. */
  readonly neurons: number;
  /** `[features, neurons]`, from `alphabet.lowest` to `alphabet.highest`; of a pruned weight the code nearest to 0. */
  readonly codes: Int16Array;
  /** The steps and offsets, as float32 numbers. */
  readonly scales: Scales;
  /** `[features, neurons]`: 1 keeps a weight, 0 prunes it. Absent where nothing was pruned. */
  readonly mask?: Mask | undefined;
}

/** A weight matrix with pruned entries. */
export interface PrunedMatrix {
  /** Rows of W. */
  readonly features: number;
  /** Columns of W. */
  readonly neurons: number;
  /** `[features, neurons]`: 1 keeps a weight, 0 prunes it. */
  readonly mask: Mask;
}

/** What {@link selfCheck} found out about the packed layers of a model. */
export interface SelfCheckReport {
  /** The backend that it ran on. */
  readonly backend: string;
  /** The largest relative error that passes. */
  readonly tolerance: number;
  /** The packed layers of the model, those of nested models too. */
  readonly layers: readonly LayerCheck[];
  /** A line for each layer. */
  toString(): string;
}

/** A packed layer beside the same layer with float32 weights, on the same backend. */
export interface LayerCheck {
  /** The name of the layer in its model. */
  readonly name: string;
  /** How it is computed from now on: by a kernel that reads packed weights, or decoded to float32. */
  readonly route: 'packed' | 'decoded';
  /** What it was compared on: what the layers before it make of the probe, random numbers, or nothing, where it was decoded already. */
  readonly inputs: 'probe' | 'random' | 'none';
  /** max |y − ỹ|; NaN or Infinity where an output is. */
  readonly maxError: number;
  /** max |y − ỹ| / max |y|. */
  readonly relativeError: number;
  /** ⟨y, ỹ⟩ / ‖y‖‖ỹ‖; NaN where one of them is 0. */
  readonly cosine: number;
  /** Whether the packed kernel gave what it must. */
  readonly passed: boolean;
}

/** Data that can be read from its start as often as needed, batch by batch. */
export interface BatchSource {
  /** No reading gives more samples than this. */
  readonly samples: number;
  /** The most rows of X that a layer takes from all samples together. */
  readonly rows: number;
  /**
   * Batches for a model: one tensor for each of its inputs. They belong to the reader.
   * @throws DataError if a batch does not fit the model
   */
  read(model: LayersModel): AsyncIterable<Tensor[]>;
}

/** Where a stage stands, or a training: there an epoch is what a layer is to a stage. */
export interface ProgressEvent {
  /** The name of the stage, as in `spfqQuantize`; of a training `fit` or `fitDataset`. */
  readonly stage: string;
  /** The layer that begins; empty at the end of the stage, and of a training. */
  readonly layer: string;
  /** The number of the layer, from 0, among `total`; of a training that of the epoch that has ended, before the first that of the first. */
  readonly index: number;
  /** How many layers the stage visits; with a budget twice as many, because it measures them all first. Of a training its epochs. */
  readonly total: number;
  /** Finished part of the stage, from 0 to 1. */
  readonly fraction: number;
  /** Milliseconds since the stage began. */
  readonly elapsed: number;
  /** Milliseconds that the rest takes at the same pace; Infinity before the first layer is done. */
  readonly remaining: number;
  /** What tfjs logs at the end of an epoch: `loss`, `val_loss` and the metrics of the model. Of training only. */
  readonly logs?: Readonly<Record<string, number>>;
}

/** Anything that takes progress events: a function is enough. */
export type ProgressObserver = (event: ProgressEvent) => void;
