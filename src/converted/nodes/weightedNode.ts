import type {layers} from '@tensorflow/tfjs-layers';
import type {Endpoint, NodeDef} from '../graph/nodeDef.ts';
import type {ConvertedGraph} from '../graph/readGraph.ts';

/** Arguments of a tfjs layer that do not come from the weighted node itself. */
export interface LayerOptions {
  readonly name: string;
  readonly useBias: boolean;
  readonly activation: 'linear' | Activation;
  readonly trainable: false;
}

/** Activations that tfjs has for layers as well as for graphs. */
export type Activation = 'relu' | 'relu6' | 'elu' | 'sigmoid' | 'tanh';

/** A node that multiplies its input by a constant kernel, as a tfjs layer does. */
export interface WeightedNode {
  /** The value that it multiplies. */
  readonly input: Endpoint;
  /** The shape of that value; sizes that the kernel does not determine are null. */
  readonly inputShape: ReadonlyArray<number | null>;
  /** The constant that is its kernel, and whether the layer's kernel is its transpose. */
  readonly kernel: Endpoint;
  readonly isTransposed: boolean;
  /** The size of its bias. */
  readonly neurons: number;
  /** Whether channels are the last axis of its output. */
  readonly isChannelsLast: boolean;
  /** Zeros to put around its input, `[before, after]` by axis, where the layer itself has no such padding. */
  readonly padding?: ReadonlyArray<readonly [number, number]> | undefined;
  /** Makes the layer. */
  layer(options: LayerOptions): layers.Layer;
}

/** The nodes of some ops, and how they are read. */
export interface WeightedOp {
  /** The op, and its form with fused bias and activation. */
  readonly ops: readonly string[];
  /** @returns where the node cannot become a layer, the end of a sentence that says why */
  read(node: NodeDef, graph: ConvertedGraph): WeightedNode | string;
}
