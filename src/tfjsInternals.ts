import {engine, serialization, type Tensor, type TensorContainer} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, models, type RNN, type SymbolicTensor} from '@tensorflow/tfjs-layers';

// Every reach past the types of tfjs: private fields, and return types that are wider than what tfjs returns. Each was
// read in the source of tfjs 4.22.0. With another version of tfjs, this is the file to check.

/** What a layer is called with besides its inputs: a mask, whether it trains. */
export type Kwargs = Readonly<Record<string, unknown>>;

/** A cell of a recurrent layer; its class is not exported. */
export type Cell = RNN['cell'];

/** `activation`, `recurrentActivation`: objects with a method `apply`, on each layer class by itself. */
export function activationOf(
  layer: layers.Layer,
  name: 'activation' | 'recurrentActivation' = 'activation',
): (x: Tensor) => Tensor {
  const activation = Reflect.get(layer, name) as {apply(x: Tensor): Tensor};
  return (x) => activation.apply(x);
}

/** `layer` of a TimeDistributed, whose class is not exported; `forwardLayer`, `backwardLayer` of a Bidirectional. */
export function wrappedLayer(
  wrapper: layers.Layer,
  name: 'layer' | 'forwardLayer' | 'backwardLayer' = 'layer',
): layers.Layer {
  return Reflect.get(wrapper, name) as layers.Layer;
}

/**
 * `depthMultiplier` of a SeparableConv2D, which `getConfig` leaves out: a model in which it is not 1 cannot be rebuilt.
 */
export function depthMultiplierOf(layer: layers.Layer): number {
  return Number(Reflect.get(layer, 'depthMultiplier'));
}

/** `cells`, protected in StackedRNNCells: the cells in the order in which they run. */
export function stackedCells(cell: Cell): readonly Cell[] {
  return Reflect.get(cell, 'cells') as Cell[];
}

/**
 * `dropoutMask`, `recurrentDropoutMask`: kept for the batch that made them, even where nothing is dropped; null is not
 * typed.
 */
export function takeDropoutMasks(cell: Cell): Tensor[] {
  return (['dropoutMask', 'recurrentDropoutMask'] as const).flatMap((name) => {
    const masks: Tensor | Tensor[] | null | undefined = cell[name];
    Reflect.set(cell, name, null);
    return masks ?? [];
  });
}

/** `states_`, protected in RNN: null before the first call, and the public getter throws then. */
export function statesOf(layer: layers.Layer): Tensor[] | undefined {
  return (Reflect.get(layer, 'states_') as Tensor[] | null | undefined) ?? undefined;
}

/** Sets `states_` without the shape checks and the disposal that `resetStates` makes. */
export function setStates(layer: layers.Layer, states: Tensor[] | null): void {
  Reflect.set(layer, 'states_', states);
}

/**
 * Replaces `call` of one layer, in front of its class's. Cells, wrapped layers and those of nested models can be
 * reached in no other way: no symbolic tensor leads to them.
 * @returns puts the class's `call` back
 */
export function replaceCall(
  layer: layers.Layer,
  call: (inputs: Tensor[], kwargs: Kwargs) => Tensor | Tensor[],
): () => void {
  Reflect.set(layer, 'call', (inputs: Tensor | Tensor[], kwargs: Kwargs) => call([inputs].flat(), kwargs));
  return () => {
    Reflect.deleteProperty(layer, 'call');
  };
}

/** Calls a layer on tensors. `apply` is typed for symbolic ones, too, which it returns only where it is given such. */
export function applyLayer(layer: layers.Layer, inputs: readonly Tensor[], kwargs: Kwargs = {}): Tensor[] {
  return [layer.apply(oneOrAll(inputs), {...kwargs}) as Tensor | Tensor[]].flat();
}

/** Calls a layer on symbolic tensors, as {@link applyLayer}. */
export function applySymbolically(layer: layers.Layer, inputs: readonly SymbolicTensor[]): SymbolicTensor[] {
  return [layer.apply(oneOrAll(inputs)) as SymbolicTensor | SymbolicTensor[]].flat();
}

/**
 * The mask of a layer's first output. Neither that masks of inputs may be missing is typed, nor that the result may.
 */
export function computeMask(
  layer: layers.Layer,
  inputs: readonly Tensor[],
  masks: ReadonlyArray<Tensor | undefined>,
): Tensor | undefined {
  const mask: Tensor | Tensor[] | null | undefined = layer.computeMask(oneOrAll(inputs), oneOrAll(masks) as Tensor);
  return (Array.isArray(mask) ? mask[0] : mask) ?? undefined;
}

/** A registered layer from its configuration, not built; `fromConfig` is typed for anything that can be serialized. */
export function createLayer(className: string, config: serialization.ConfigDict): layers.Layer {
  const [constructor, fromConfig] = serialization.SerializationMap.getMap().classNameMap[className];
  // A deep copy: tfjs puts the layers and cells that it makes of it into the configuration of a wrapper.
  return fromConfig(constructor, structuredClone(config)) as layers.Layer;
}

/**
 * A model from JSON, whose type is not exported; synchronous up to the last weight. Whether it is a model depends on
 * the JSON.
 */
export function modelFromTopology(topology: Readonly<Record<string, unknown>>): Promise<LayersModel> {
  return models.modelFromJSON(topology as Parameters<typeof models.modelFromJSON>[0]);
}

/** `addWeight`, protected in Layer: makes one variable of a layer. */
export type AddWeight = layers.Layer['addWeight'];

/**
 * Runs `build` with another `addWeight`, the only method through which layers, those of users too, allocate weights. It
 * is replaced while `build` runs until its first `await`, so that no other code sees it.
 * @param replacement gets the method of tfjs
 */
export function withAddWeight<Result>(replacement: (original: AddWeight) => AddWeight, build: () => Result): Result {
  const prototype = layers.Layer.prototype;
  const original = prototype['addWeight'];
  prototype['addWeight'] = replacement(original);
  try {
    return build();
  } finally {
    prototype['addWeight'] = original;
  }
}

/**
 * `saved` of the nodes on the engine's tape: what it keeps for a gradient. Empty while a gradient is being computed.
 */
export function tensorsOnTape(): TensorContainer[] {
  const {
    activeTape,
    gradientDepth,
  }: {
    readonly activeTape: ReadonlyArray<{readonly saved?: Tensor[]}> | null;
    readonly gradientDepth: number;
  } = engine().state;
  return gradientDepth > 0 ? [] : (activeTape ?? []).map(({saved}) => saved ?? []);
}

/** A limit of the active backend's WebGPU `device`; other backends have none. */
export function deviceLimit(name: string): number | undefined {
  const device = Reflect.get(engine().backend, 'device') as {limits?: Record<string, number>} | undefined;
  return device?.limits?.[name];
}

/** As tfjs takes them: a list of one only where a layer declares lists. */
function oneOrAll<Item>(items: readonly Item[]): Item | Item[] {
  return items.length === 1 ? items[0] : [...items];
}
