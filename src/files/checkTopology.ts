import {Optimizer, serialization} from '@tensorflow/tfjs-core';
import {layers} from '@tensorflow/tfjs-layers';
import {ArtifactError, damagedFile, formatValue} from '../errors.ts';
import {orderLayers} from './orderLayers.ts';
import {isList, tfjsEntries} from './topologyEntries.ts';

/**
 * Refuses topologies that would hang tfjs, exhaust memory or leave tensors while it builds a model: layers that wait
 * for each other (see {@link orderLayers}); nested models that call each other so often that building would not end;
 * recurrent layers that keep states (tfjs allocates them by a batch size from the topology); sizes that are no numbers;
 * optimizers, which allocate at once, and layers with weights in the place of an activation.
 * @param json a topology or a part of one, whose layers are put in the order of their calls
 * @throws ArtifactError that names the layer
 */
export function checkTopology(json: unknown): void {
  const calls = callsIn(json);
  if (calls > MAX_CALLS)
    throw damagedFile(`expected at most ${MAX_CALLS} calls of layers, found ${calls} through models in models`);
}

/** Far more than any model has; tfjs makes that many in a second. */
const MAX_CALLS = 100_000;

/** The number of calls of layers while tfjs builds: a nested model calls all its layers at every call. */
function callsIn(json: unknown): number {
  if (isList(json)) return json.reduce<number>((sum, item) => sum + callsIn(item), 0);
  const entries = tfjsEntries(json);
  const {stateful, layers: listed, inboundNodes} = entries;
  if (stateful === true) {
    throw new ArtifactError(
      `layer ${formatValue(entries['name'])}: expected \`stateful\` to be false, found true; ` +
        'call registerPacked() and load the model with tf.loadLayersModel if you trust it',
    );
  }
  refuseOddValues(entries);
  if (isList(listed)) orderLayers(listed);
  const inner = callsIn(Object.values(entries));
  return isList(inboundNodes) ? Math.max(1, inboundNodes.length) * (1 + inner) : inner;
}

function refuseOddValues(entries: Readonly<Record<string, unknown>>): void {
  const {className, batchInputShape, inputShape} = entries;
  for (const shape of [batchInputShape, inputShape])
    if (shape !== undefined && shape !== null && !isInputShape(shape))
      throw damagedFile(
        `layer ${formatValue(entries['name'])}: expected an input shape of whole numbers and null, ` +
          `found ${formatValue(shape)}`,
      );
  if (isDerived(className, Optimizer))
    throw damagedFile(`expected classes of layers and of what they are made of, found ${formatValue(className)}`);
  for (const [key, value] of Object.entries(entries)) {
    if (!/activation$/i.test(key)) continue;
    const name = typeof value === 'string' ? value : tfjsEntries(value)['className'];
    if (isDerived(name, layers.Layer) && !ACTIVATION_LAYERS.includes(name))
      throw damagedFile(
        `layer ${formatValue(entries['name'])}: expected \`${key}\` to be an activation, found ${formatValue(name)}`,
      );
  }
}

/** Layers without weights, which tfjs applies as activations. */
const ACTIVATION_LAYERS: readonly unknown[] = ['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Softmax'];

function isInputShape(shape: unknown): boolean {
  return isList(shape) && shape.every((size) => size === null || (Number.isSafeInteger(size) && Number(size) >= 0));
}

/** Whether tfjs knows a class of this name that is a kind of `base`. */
function isDerived(name: unknown, base: abstract new (...args: never[]) => object): boolean {
  const known: Readonly<Record<string, readonly unknown[]>> = serialization.SerializationMap.getMap().classNameMap;
  const [constructor] = typeof name === 'string' && Object.hasOwn(known, name) ? known[name] : [];
  return typeof constructor === 'function' && constructor.prototype instanceof base;
}
