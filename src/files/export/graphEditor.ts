import type {io} from '@tensorflow/tfjs-core';
import {joinWeights, splitWeights, type WeightEntry} from '../../artifacts/weightEntries.ts';
import type {GraphArtifacts, GraphTopology} from '../../converted/graph/graphArtifacts.ts';
import {type Endpoint, inputsOfNode, type NodeDef, nodeOf} from '../../converted/graph/nodeDef.ts';
import {ModelError} from '../../errors.ts';
import type {AffineMap} from './storedForm.ts';

/** Numbers in the form of a file. */
export interface ConstantForm {
  readonly shape: readonly number[];
  /** Absent in float32. */
  readonly quantization?:
    {readonly dtype: 'uint8' | 'uint16' | 'float16'; readonly affine?: AffineMap | undefined} | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An editable copy of the artifacts of a GraphModel, in memory. The original artifacts are not changed. */
export class GraphEditor {
  private readonly nodes: Map<string, NodeDef>;
  private readonly entries: Map<string, WeightEntry>;
  private readonly unusedBefore: ReadonlySet<string>;

  /** @throws ModelError where the artifacts have no weights, because they were streamed */
  constructor(
    where: string,
    private readonly original: GraphArtifacts,
  ) {
    const {artifacts, topology} = original;
    if (!artifacts.weightSpecs || artifacts.weightData === undefined) {
      throw new ModelError(
        `${where}: expected the GraphModel to have kept the weights that it was loaded from, found none; ` +
          'load it without `streamWeights`',
      );
    }
    this.nodes = new Map(topology.node.map((node) => [node.name, node]));
    this.entries = new Map(splitWeights(artifacts).map((entry) => [entry.spec.name, entry]));
    this.unusedBefore = this.unused();
  }

  /** The shape of a constant in the file; undefined for a value that the graph computes. */
  shapeOf(endpoint: Endpoint): readonly number[] | undefined {
    return this.entries.get(endpoint)?.spec.shape;
  }

  /** The nodes that consume an output of a node. */
  consumersOf(name: string): NodeDef[] {
    return [...this.nodes.values()].filter((node) => inputsOfNode(node).some((input) => nodeOf(input) === name));
  }

  /** Replaces a node by a constant. */
  putConstant(name: string, {shape, quantization, bytes}: ConstantForm): void {
    const value = {dtype: 'DT_FLOAT', tensorShape: {dim: shape.map((size) => ({size: String(size)}))}};
    this.nodes.set(name, {name, op: 'Const', input: [], attr: {dtype: {type: 'DT_FLOAT'}, value: {tensor: value}}});
    const stored = quantization && {dtype: quantization.dtype, ...quantization.affine};
    this.entries.set(name, {
      spec: {name, shape: [...shape], dtype: 'float32', ...(stored && {quantization: stored})},
      bytes,
    });
  }

  /** Replaces a node by the product of two values. */
  putProduct(name: string, one: Endpoint, other: Endpoint): void {
    this.nodes.set(name, {name, op: 'Mul', input: [one, other], attr: {T: {type: 'DT_FLOAT'}}});
    this.entries.delete(name);
  }

  /** Replaces an input of a node by another value. */
  redirect(name: string, from: Endpoint, to: Endpoint): void {
    const node = this.nodes.get(name);
    if (node)
      this.nodes.set(name, {
        ...node,
        input: (node.input ?? []).map((input) => (inputsOfNode({...node, input: [input]})[0] === from ? to : input)),
      });
  }

  /** The artifacts as they are now, without nodes that became unused. */
  toArtifacts(): io.ModelArtifacts & {readonly weightData: ArrayBuffer} {
    this.dropUnused();
    const topology: GraphTopology = {...this.original.topology, node: [...this.nodes.values()]};
    return {...this.original.artifacts, modelTopology: topology, ...joinWeights([...this.entries.values()])};
  }

  /** Drops nodes that became unused, and then those that only they used. */
  private dropUnused(): void {
    for (
      let dropped = [...this.unused()].filter((name) => !this.unusedBefore.has(name));
      dropped.length > 0;
      dropped = [...this.unused()].filter((name) => !this.unusedBefore.has(name))
    ) {
      for (const name of dropped) {
        this.nodes.delete(name);
        this.entries.delete(name);
      }
    }
  }

  private unused(): Set<string> {
    const taken = new Set(
      [...this.nodes.values()].flatMap((node) => (node.input ?? []).map((input) => nodeOf(input.replace('^', '')))),
    );
    return new Set([...this.nodes.keys()].filter((name) => !taken.has(name)));
  }
}
