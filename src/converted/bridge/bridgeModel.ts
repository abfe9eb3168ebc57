import type {GraphModel} from '@tensorflow/tfjs-converter';
import {reshape, type Tensor, tidy, transpose} from '@tensorflow/tfjs-core';
import {
  input as inputLayer,
  type layers,
  type LayersModel,
  model as modelOf,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {ModelError} from '../../errors.ts';
import {applySymbolically} from '../../tfjsInternals.ts';
import {requireGraphModel} from '../graph/graphModelClass.ts';
import type {Endpoint} from '../graph/nodeDef.ts';
import {type ConvertedGraph, type GraphInput, readGraph} from '../graph/readGraph.ts';
import {divideGraph, type Segment} from './divideGraph.ts';
import {GraphOrigin, type GraphWeights} from './graphOrigin.ts';
import {type LoweredGraph, type LoweredLayer, lowerGraph} from './lowerGraph.ts';
import {findNodeLayers, type NodeLayer} from './nodeLayers.ts';
import {registerGraphSegments} from './registerGraph.ts';
import {segmentLayer, type SegmentPlan} from './segmentLayer.ts';

/** A GraphModel as a LayersModel that computes the same function and shares no mutable state with it. */
export interface Bridge {
  readonly model: LayersModel;
  readonly origin: GraphOrigin;
}

/**
 * Rebuilds a GraphModel as the model of layers that stages work on: its weighted nodes as layers of tfjs, and all other
 * nodes as {@link GraphSegment}s between them.
 * @throws ModelError if it is none, was disposed of, has inputs of unknown rank, or no output depends on the inputs
 */
export async function buildBridge(where: string, graphModel: GraphModel): Promise<Bridge> {
  requireGraphModel(where, graphModel);
  registerGraphSegments(graphModel.constructor);
  const graph = await readGraph(where, graphModel);
  try {
    if (graph.outputs.length === 0)
      throw new ModelError(
        `${where}: expected a graph with outputs that depend on its inputs, got none${beforeDynamicOps(graph)}`,
      );
    const {layers: nodeLayers, skipped} = findNodeLayers(graph);
    const assembly = new Assembly(graph, lowerGraph(graph, nodeLayers));
    const model = await assembly.model(skipped);
    return {
      model,
      origin: new GraphOrigin(
        {artifacts: graph.artifacts, topology: graph.topology},
        graphModel.constructor,
        graphWeightsOf(nodeLayers),
      ),
    };
  } finally {
    graph.dispose();
  }
}

function beforeDynamicOps({dynamicOps}: ConvertedGraph): string {
  return dynamicOps.length > 0 ? ` before its dynamic ops ${dynamicOps.join(', ')}` : '';
}

function graphWeightsOf(nodeLayers: readonly NodeLayer[]): GraphWeights[] {
  return [...new Set(nodeLayers.map(({name}) => name))].map((name) => {
    const calls = nodeLayers.filter((one) => one.name === name);
    const [
      {
        weighted: {kernel, isTransposed},
        biasAndActivation: {bias},
      },
    ] = calls;
    return {
      name,
      kernel,
      isTransposed,
      bias: bias?.endpoint,
      biasNodes: calls.flatMap(({biasAndActivation}) => biasAndActivation.bias?.node ?? []),
    };
  });
}

/** Assembles layers and segments into a model. */
class Assembly {
  private readonly values = new Map<Endpoint, SymbolicTensor>();
  private readonly layers = new Map<string, layers.Layer>();
  /** The weights of each layer, made inside `tidy`. */
  private readonly weights: Array<{readonly layer: layers.Layer; readonly tensors: () => Tensor[]}> = [];

  constructor(
    private readonly graph: ConvertedGraph,
    private readonly lowered: LoweredGraph,
  ) {}

  async model(skipped: SegmentPlan['skipped']): Promise<LayersModel> {
    try {
      const inputs = this.graph.inputs.map((input) => this.input(input));
      const levels = divideGraph(this.graph, this.lowered);
      for (const [level, {segment, layers: parts}] of levels.entries()) {
        if (segment)
          await this.addSegment(segment, {name: `segment_${level}`, isLast: level === levels.length - 1, skipped});
        for (const part of parts)
          this.give([part.output], applySymbolically(this.layerOf(part), [this.value(part.input)]));
      }
      const model = modelOf({
        inputs,
        outputs: this.lowered.outputs.map((endpoint) => this.value(endpoint)),
        name: 'graph',
      });
      for (const {layer, tensors} of this.weights)
        tidy(() => {
          layer.setWeights(tensors());
        });
      return model;
    } catch (error) {
      for (const {layer} of this.weights)
        layer.weights.forEach((weight) => {
          weight.dispose();
        });
      throw error;
    }
  }

  private input({name, node, shape, dtype}: GraphInput): SymbolicTensor {
    const symbol = inputLayer({name, batchShape: this.refined(node, shape), dtype});
    this.values.set(node, symbol);
    return symbol;
  }

  private async addSegment(segment: Segment, plan: Pick<SegmentPlan, 'name' | 'isLast' | 'skipped'>): Promise<void> {
    const {layer, weights} = await segmentLayer(segment, this.graph, {
      ...plan,
      constants: this.lowered.constants,
      shapeOf: (endpoint) => this.shapeOf(endpoint),
    });
    // A layer needs an input, even where its nodes take nothing.
    const taken = (segment.inputs.length > 0 ? segment.inputs : [this.graph.inputs[0].node]).map((endpoint) =>
      this.value(endpoint),
    );
    this.give(segment.outputs, applySymbolically(layer, taken));
    this.weights.push({layer, tensors: () => [...weights]});
  }

  private layerOf({
    layer: {
      name,
      weighted,
      biasAndActivation: {bias, activation},
    },
  }: LoweredLayer): layers.Layer {
    const known = this.layers.get(name);
    if (known) return known;
    const layer = weighted.layer({name, activation, useBias: bias !== undefined, trainable: false});
    this.layers.set(name, layer);
    this.weights.push({
      layer,
      tensors: () => {
        const kernel = this.graph.constant(weighted.kernel);
        return [
          weighted.isTransposed ? transpose(kernel) : kernel,
          ...(bias ? [reshape(this.graph.constant(bias.endpoint), [-1])] : []),
        ];
      },
    });
    return layer;
  }

  private value(endpoint: Endpoint): SymbolicTensor {
    const value = this.values.get(endpoint);
    if (!value) throw new Error(`converted graph: value '${endpoint}' was taken before it was given`);
    return value;
  }

  private give(endpoints: readonly Endpoint[], symbols: readonly SymbolicTensor[]): void {
    endpoints.forEach((endpoint, i) => this.values.set(endpoint, symbols[i]));
  }

  /** The shape that a layer needs of its input, or that the signature has for an output; else unknown. */
  private shapeOf(endpoint: Endpoint): ReadonlyArray<number | null> {
    const part = this.lowered.parts.find((one) => 'layer' in one && one.input === endpoint);
    if (part && 'layer' in part) return part.layer.weighted.inputShape;
    const [batch = null, ...said] = this.graph.outputShapes.get(endpoint) ?? [];
    return [this.graph.inputs[0].shape[0] === null ? null : batch, ...said];
  }

  /** Open sizes of an input are known where a layer takes it. */
  private refined(node: string, shape: ReadonlyArray<number | null>): Array<number | null> {
    const needed = this.shapeOf(node);
    return shape.map((size, axis) => size ?? (needed.length === shape.length ? needed[axis] : null));
  }
}
