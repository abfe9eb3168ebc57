import {type layers, LayersModel, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';

/** One call of one layer, between numbered values. */
export interface LayerCall {
  readonly layer: layers.Layer;
  /** Numbers of the values that it takes and returns. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** A model as a list of calls in an order in which they can run; nested models are expanded. */
export interface CallList {
  readonly calls: readonly LayerCall[];
  /** Numbers of the values that the model takes and returns. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

type LayerNode = layers.Layer['inboundNodes'][number];
/** The numbers of a model's symbolic tensors within one call of it: a nested model may be called more than once. */
type Scope = Map<SymbolicTensor, number>;

/**
 * Lists the calls of a model that its outputs depend on.
 * @throws ModelError if an input is not reachable from the model's inputs
 */
export function listCalls(model: LayersModel): CallList {
  const listing = new Listing();
  const inputs = model.inputs.map(() => listing.newValue());
  const outputs = listing.open(model, inputs);
  return {calls: listing.calls, inputs, outputs};
}

class Listing {
  readonly calls: LayerCall[] = [];
  private values = 0;

  newValue(): number {
    return this.values++;
  }

  /** Lists the calls of a model on given values, and returns the numbers of its outputs. */
  open(model: LayersModel, inputs: readonly number[]): number[] {
    const scope: Scope = new Map();
    model.inputs.forEach((symbol, i) => scope.set(symbol, inputs[i]));
    return model.outputs.map((symbol) => this.visit(symbol, scope));
  }

  private visit(symbol: SymbolicTensor, scope: Scope): number {
    const known = scope.get(symbol);
    if (known !== undefined) return known;
    const layer = symbol.sourceLayer;
    const node = layer.inboundNodes[symbol.nodeIndex];
    if (node.inputTensors.length === 0 || node.inputTensors.includes(symbol)) {
      throw new ModelError(
        `layer '${layer.name}': expected every input to come from the inputs of the model, found one that does not`,
      );
    }
    const inputs = node.inputTensors.map((input) => this.visit(input, scope));
    const outputs = layer instanceof LayersModel ? this.open(layer, inputs) : this.call(layer, node, inputs);
    node.outputTensors.forEach((output, i) => scope.set(output, outputs[i]));
    return outputs[symbol.tensorIndex];
  }

  private call(layer: layers.Layer, node: LayerNode, inputs: readonly number[]): number[] {
    const outputs = node.outputTensors.map(() => this.newValue());
    this.calls.push({layer, inputs, outputs});
    return outputs;
  }
}
