import type {layers} from '@tensorflow/tfjs-layers';
import type {Endpoint, NodeDef} from '../graph/nodeDef.ts';
import type {ConvertedGraph} from '../graph/readGraph.ts';

/** What a tfjs layer is made with, besides its geometry. */
export interface LayerOptions {
  readonly name: string;
  readonly useBias: boolean;
  readonly activation: 'linear' | Activation;
  readonly trainable: false;
}

/** Activations that tfjs has for its layers as well as for graphs. */
export type Activation = 'relu' | 'relu6' | 'elu' | 'sigmoid' | 'tanh';

/** A node that multiplies its input with a constant kernel, as a tfjs layer does. */
export interface WeightedNode {
  /** What it takes. */
  readonly input: Endpoint;
  /** The shape of that, as far as the kernel says it. */
  readonly inputShape: ReadonlyArray<number | null>;
  /** The constant that is its kernel, and whether the layer's is its transpose. */
  readonly kernel: Endpoint;
  readonly isTransposed: boolean;
  /** How many biases it has room for. */
  readonly neurons: number;
  /** Whether channels are the last axis of what it gives. */
  readonly isChannelsLast: boolean;
  /** Zeros around its input, `[[before, after], …]` by axis, where the layer itself has no such padding. */
  readonly padding?: ReadonlyArray<readonly [number, number]> | undefined;
  /** The layer. */
  layer(options: LayerOptions): layers.Layer;
}

/** A kind of node: its ops, and how they are read. */
export interface WeightedOp {
  /** The op, and its form with bias and activation in one. */
  readonly ops: readonly string[];
  /** @returns a sentence's end that says why such a node stays as it is, where it does */
  read(node: NodeDef, graph: ConvertedGraph): WeightedNode | string;
}
