import type {layers} from '@tensorflow/tfjs-layers';
import {isChannelsFirst, normalizesLastAxis} from '../layers/adapter/channelAxis.ts';
import type {KernelAdapter} from '../layers/adapter/kernelAdapter.ts';
import type {CallList} from '../model/callList.ts';

/**
 * The index of the first call of the BatchNormalization that follows a kernel: it is the only consumer of the kernel's
 * outputs, consumes nothing else, and no activation lies between them.
 * @param own indices of the calls of the kernel's layer
 */
export function followingBatchNorm(
  layer: layers.Layer,
  kernel: KernelAdapter,
  own: readonly number[],
  list: CallList,
): number | undefined {
  if (!kernel.producesLayerOutput || !isLinear(kernel)) return undefined;
  const consumers = new Set(own.map((call) => soleConsumer(call, list)));
  const [consumer] = consumers;
  if (consumers.size !== 1 || consumer === undefined) return undefined;
  const {layer: norm} = list.calls[consumer];
  const hasOthers = list.calls.filter((call) => call.layer === norm).length !== own.length;
  const {shape} = layer.getWeights()[kernel.weight];
  const neurons = kernel.matrixCount(shape) * kernel.neurons(shape);
  const isByNeuron =
    normalizesLastAxis(norm, layer) && [layer.outputShape].flat().at(-1) === neurons && !isChannelsFirst(layer);
  return isByNeuron && !hasOthers ? consumer : undefined;
}

/** The layer of the only consumer of a call's output, as the index of the first call of that layer. */
function soleConsumer(call: number, {calls, outputs}: CallList): number | undefined {
  const [value] = calls[call].outputs;
  const consumers = calls.flatMap(({inputs}, index) => (inputs.includes(value) ? [index] : []));
  if (consumers.length !== 1 || outputs.includes(value)) return undefined;
  return calls.findIndex(({layer}) => layer === calls[consumers[0]].layer);
}

function isLinear({activation}: KernelAdapter): boolean {
  return activation === undefined || activation === null || activation === 'linear';
}
