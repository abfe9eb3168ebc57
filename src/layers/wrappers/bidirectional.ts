import type {layers} from '@tensorflow/tfjs-layers';
import {wrappedLayer} from '../../tfjsInternals.ts';
import {type FindAdapter, innerRefusal, innerWithoutSideEffects} from '../adapter/innerLayer.ts';
import type {KernelAdapter} from '../adapter/kernelAdapter.ts';
import type {LayerAdapter} from '../adapter/layerAdapter.ts';
import type {PackedRoute} from '../adapter/packedRoute.ts';
import {callThrough, packedRecurrent, usePackedCells} from '../recurrent/packedCells.ts';

/** The two layers of a Bidirectional, in the order of their weights. */
const DIRECTIONS = ['forward', 'backward'] as const;

/** Bidirectional: the kernels of its forward layer, then those of its backward layer, which runs in reverse. */
export function bidirectional(find: FindAdapter): LayerAdapter {
  return {
    className: 'Bidirectional',

    refusal: (layer) => innerRefusal(directionLayer(layer, 'forward'), find),

    kernels: (layer) =>
      DIRECTIONS.flatMap((direction, half) => {
        const inner = directionLayer(layer, direction);
        return (
          find(inner)
            ?.kernels(inner)
            .map((kernel, _, all) => directionKernel(kernel, direction, half * weightsOf(all))) ?? []
        );
      }),

    weights: (layer, inputShape) =>
      DIRECTIONS.flatMap((direction) => {
        const inner = directionLayer(layer, direction);
        return (
          find(inner)
            ?.weights(inner, inputShape)
            .map(({name, shape}) => ({name: `${direction}_${name}`, shape})) ?? []
        );
      }),

    scratch: (layer, inputShape) =>
      DIRECTIONS.reduce((max, direction) => {
        const inner = directionLayer(layer, direction);
        return Math.max(max, find(inner)?.scratch?.(inner, inputShape) ?? 0);
      }, 0),

    release(layer) {
      for (const direction of DIRECTIONS) {
        const inner = directionLayer(layer, direction);
        find(inner)?.release?.(inner);
      }
    },

    withoutSideEffects: (layer, run) =>
      innerWithoutSideEffects(directionLayer(layer, 'forward'), find, () =>
        innerWithoutSideEffects(directionLayer(layer, 'backward'), find, run),
      ),

    packed: (layer) => (find(directionLayer(layer, 'forward'))?.packed ? packedDirections : undefined),
  };
}

/** Both directions around packed cells; tfjs reverses and merges them. */
const packedDirections: PackedRoute = {
  ...packedRecurrent,
  prepare(layer, weights) {
    const next = usePackedCells(directionLayer(layer, 'forward'), weights, 0);
    usePackedCells(directionLayer(layer, 'backward'), weights, next);
    return callThrough(layer);
  },
};

function directionKernel(kernel: KernelAdapter, direction: (typeof DIRECTIONS)[number], offset: number): KernelAdapter {
  const {name, weight, bias} = kernel;
  return {
    ...kernel,
    name: name === undefined ? direction : `${direction}_${name}`,
    weight: weight + offset,
    bias: bias === undefined ? undefined : bias + offset,
    producesLayerOutput: false,
    positions: (layer, inputShape) => kernel.positions(directionLayer(layer, direction), inputShape),
    kernelInput(layer, [input, ...states], mask) {
      const half = states.length / 2;
      return kernel.kernelInput(
        directionLayer(layer, direction),
        [input, ...(direction === 'forward' ? states.slice(0, half) : states.slice(half))],
        mask,
      );
    },
    ...(kernel.kernelInputSize && {
      kernelInputSize: (layer, inputShape) =>
        kernel.kernelInputSize?.(directionLayer(layer, direction), inputShape) ?? {result: 0, peak: 0},
    }),
    columns: (layer, input, rows) => kernel.columns(directionLayer(layer, direction), input, rows),
  };
}

function directionLayer(layer: layers.Layer, direction: (typeof DIRECTIONS)[number]): layers.Layer {
  return wrappedLayer(layer, `${direction}Layer`);
}

/** How many weights a recurrent layer has: kernels and their biases. */
function weightsOf(kernels: readonly KernelAdapter[]): number {
  return 1 + Math.max(...kernels.map(({weight, bias}) => Math.max(weight, bias ?? 0)));
}
