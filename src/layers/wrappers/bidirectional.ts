import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter, LayerAdapter, PackedRoute} from '../adapter/adapter.ts';
import {type FindAdapter, innerLayer, innerRefusal, innerUndisturbed} from '../adapter/wrappedLayer.ts';
import {calling, packedRecurrent, usePackedCells} from '../recurrent/packedCells.ts';

/** The two layers of a Bidirectional, in the order of their weights. */
const DIRECTIONS = ['forward', 'backward'] as const;

/** Bidirectional: the kernels of its forward layer, then those of its backward one, which goes through the steps in reverse. */
export function bidirectional(find: FindAdapter): LayerAdapter {
  return {
    className: 'Bidirectional',

    refusal: (layer) => innerRefusal(directed(layer, 'forward'), find),

    kernels: (layer) => DIRECTIONS.flatMap((direction, half) => {
      const inner = directed(layer, direction);
      return find(inner)?.kernels(inner).map((kernel, _, all) => turned(kernel, direction, half * weightsOf(all))) ?? [];
    }),

    weights: (layer, inputShape) => DIRECTIONS.flatMap((direction) => {
      const inner = directed(layer, direction);
      return find(inner)?.weights(inner, inputShape).map(({name, shape}) => ({name: `${direction}_${name}`, shape})) ?? [];
    }),

    scratch: (layer, inputShape) => DIRECTIONS.reduce((most, direction) => {
      const inner = directed(layer, direction);
      return Math.max(most, find(inner)?.scratch?.(inner, inputShape) ?? 0);
    }, 0),

    release(layer) {
      for (const direction of DIRECTIONS) {
        const inner = directed(layer, direction);
        find(inner)?.release?.(inner);
      }
    },

    undisturbed: (layer, run) => innerUndisturbed(directed(layer, 'forward'), find, () => innerUndisturbed(directed(layer, 'backward'), find, run)),

    packed: (layer) => (find(directed(layer, 'forward'))?.packed ? packedDirections : undefined),
  };
}

/** Both directions around packed cells; tfjs turns and merges them. */
const packedDirections: PackedRoute = {
  ...packedRecurrent,
  prepare(layer, weights) {
    const behind = usePackedCells(directed(layer, 'forward'), weights, 0);
    usePackedCells(directed(layer, 'backward'), weights, behind);
    return calling(layer);
  },
};

function turned(kernel: KernelAdapter, direction: typeof DIRECTIONS[number], offset: number): KernelAdapter {
  const {name, weight, bias} = kernel;
  return {
    ...kernel,
    name: name === undefined ? direction : `${direction}_${name}`,
    weight: weight + offset,
    bias: bias === undefined ? undefined : bias + offset,
    givesOutput: false,
    positions: (layer, inputShape) => kernel.positions(directed(layer, direction), inputShape),
    meets(layer, [input, ...states], mask) {
      const half = states.length / 2;
      return kernel.meets(directed(layer, direction), [input, ...direction === 'forward' ? states.slice(0, half) : states.slice(half)], mask);
    },
    ...kernel.metSize && {metSize: (layer, inputShape) => kernel.metSize?.(directed(layer, direction), inputShape) ?? {met: 0, making: 0}},
    columns: (layer, met, rows) => kernel.columns(directed(layer, direction), met, rows),
  };
}

function directed(layer: layers.Layer, direction: typeof DIRECTIONS[number]): layers.Layer {
  return innerLayer(layer, `${direction}Layer`);
}

/** How many weights a recurrent layer has: kernels and their biases. */
function weightsOf(kernels: readonly KernelAdapter[]): number {
  return 1 + Math.max(...kernels.map(({weight, bias}) => Math.max(weight, bias ?? 0)));
}
