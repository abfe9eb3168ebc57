import type {GraphModel} from '@tensorflow/tfjs-converter';
import {type serialization, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {initializers, layers} from '@tensorflow/tfjs-layers';
import {messageOf, ModelError} from '../../errors.ts';
import type {OwnLayer} from '../../layers/adapter/ownLayer.ts';
import type {SkippedLayer} from '../../records.ts';
import {createEmptyGraphModel, type GraphModelClass} from '../graph/graphModelClass.ts';
import {layerName} from '../graph/nodeDef.ts';
import {constantTensor, parseProgram, type SegmentProgram} from './segmentProgram.ts';

/** The arguments of a {@link GraphSegment}: its JSON. */
export interface GraphSegmentArgs {
  readonly name?: string;
  /** The {@link SegmentProgram} as text, under `name`, the one key whose text tfjs does not convert to another case. */
  readonly program: {readonly name: string};
}

/** Part of a converted graph as a layer between values of the graph; the user's own `tf.GraphModel` runs it. */
export class GraphSegment extends layers.Layer implements OwnLayer {
  /** tfjs names an unregistered class in its error message, so that this name tells what to do. */
  static readonly className = 'GraphSegment (registerGraph(tf.GraphModel) of tfjs-compress)';

  /** The class that runs graphs; set by the first `compressGraph` or `registerGraph`. */
  static graphModelClass: GraphModelClass | undefined;

  private readonly program: SegmentProgram;
  private readonly text: string;
  private graph: GraphModel | undefined;

  /** @throws ArtifactError for arguments that describe no part of a graph */
  constructor({program, ...args}: GraphSegmentArgs) {
    super({...args, trainable: false});
    this.program = parseProgram(this.name, program);
    this.text = program.name;
  }

  /** Nodes of the segment with a weight matrix, and why they are not compressed. */
  get skippedNodes(): readonly SkippedLayer[] {
    return this.program.skipped;
  }

  override build(inputShape: number[] | number[][]): void {
    for (const {name, shape} of this.program.weights)
      this.addWeight(layerName(name), [...shape], 'float32', initializers.zeros(), undefined, false);
    super.build(inputShape);
  }

  /** @throws ModelError where the graph does not run on such inputs */
  override call(inputs: Tensor | Tensor[]): Tensor | Tensor[] {
    const given = [inputs].flat();
    return tidy(() => {
      const outputs = this.execute(given);
      // Callers free each output on its own, so that none may be an input, a weight or another output.
      const taken = outputs.map((output, i) =>
        outputs.indexOf(output) < i || given.includes(output) || output.kept ? output.clone() : output,
      );
      return taken.length === 1 ? taken[0] : taken;
    });
  }

  private execute(given: readonly Tensor[]): Tensor[] {
    const {inputs, outputs, weights, constants} = this.program;
    const graph = (this.graph ??= this.makeGraph());
    weights.forEach(({name}, i) => {
      graph.weights[name] = [this.weights[i].read()];
    });
    constants.forEach((constant) => {
      graph.weights[constant.name] = [constantTensor(constant)];
    });
    try {
      return [
        graph.execute(
          Object.fromEntries(inputs.map((name, i) => [name, given[i]])),
          outputs.map(({endpoint}) => endpoint),
        ),
      ].flat();
    } catch (cause) {
      const shapes = given.map(({shape}) => `[${shape.join(', ')}]`).join(', ');
      throw new ModelError(
        `layer '${this.name}': expected its part of the graph to run on ${shapes}, got: ${messageOf(cause)}; ` +
          'a graph that was made for single samples needs calibrate(x, {batchSize: 1})',
        {cause},
      );
    }
  }

  private makeGraph(): GraphModel {
    const {graphModelClass} = GraphSegment;
    if (!graphModelClass)
      throw new ModelError(
        `layer '${this.name}': expected to know tf.GraphModel, which runs it; call registerGraph(tf.GraphModel) first`,
      );
    return createEmptyGraphModel(graphModelClass, {node: this.program.nodes, versions: {producer: 0, minConsumer: 0}});
  }

  /** Sizes that are not known before the segment runs are null. */
  override computeOutputShape(): Array<number | null> | Array<Array<number | null>> {
    const shapes = this.program.outputs.map(({shape}) => [...shape]);
    return shapes.length === 1 ? shapes[0] : shapes;
  }

  override getConfig(): serialization.ConfigDict {
    return {...super.getConfig(), program: {name: this.text}};
  }
}
