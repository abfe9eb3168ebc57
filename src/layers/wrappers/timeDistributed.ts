import {dispose, expandDims, reshape, type Tensor, tidy, tile} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {activationOf, wrappedLayer} from '../../tfjsInternals.ts';
import {fusedActivation} from '../adapter/activation.ts';
import {type FindAdapter, innerRefusal, innerWithoutSideEffects} from '../adapter/innerLayer.ts';
import type {KernelAdapter} from '../adapter/kernelAdapter.ts';
import type {LayerAdapter} from '../adapter/layerAdapter.ts';
import type {PackedRoute} from '../adapter/packedRoute.ts';

/** TimeDistributed: the kernels of the layer that it wraps, with every time step as a sample of its own. */
export function timeDistributed(find: FindAdapter): LayerAdapter {
  return {
    className: 'TimeDistributed',

    refusal: (layer) => innerRefusal(wrappedLayer(layer), find),

    kernels(layer) {
      const inner = wrappedLayer(layer);
      return (
        find(inner)
          ?.kernels(inner)
          .map((kernel) => distributed(kernel, inner)) ?? []
      );
    },

    weights(layer, inputShape) {
      const inner = wrappedLayer(layer);
      return find(inner)?.weights(inner, stepShape(inputShape)) ?? [];
    },

    release(layer) {
      const inner = wrappedLayer(layer);
      find(inner)?.release?.(inner);
    },

    withoutSideEffects: (layer, run) => innerWithoutSideEffects(wrappedLayer(layer), find, run),

    packed(layer) {
      const inner = wrappedLayer(layer);
      const route = find(inner)?.packed?.(inner);
      return route?.endsWithActivation ? stepwise(route) : undefined; // other routes need masks and states
    },
  };
}

/** A route of the wrapped layer, on all time steps at once. */
function stepwise({ops, prepare}: PackedRoute): PackedRoute {
  return {
    ops,
    endsWithActivation: false,
    prepare(layer, weights) {
      const inner = wrappedLayer(layer);
      const fused = fusedActivation(inner);
      const run = prepare(inner, {...weights, activation: fused ?? 'linear'});
      const activate = fused ? undefined : activationOf(inner);
      return ([input], kwargs) => {
        const [batch, time] = input.shape;
        const [output] = [run([reshape(input, stepShape(input.shape))], kwargs)].flat();
        const steps: Tensor = reshape(output, [batch, time, ...output.shape.slice(1)]);
        return activate ? activate(steps) : steps;
      };
    },
  };
}

function distributed(kernel: KernelAdapter, inner: layers.Layer): KernelAdapter {
  return {
    ...kernel,
    // `isChannelsFirst` asks the wrapper, whose configuration has no data format.
    producesLayerOutput: kernel.producesLayerOutput && inner.getConfig()['dataFormat'] !== 'channelsFirst',
    positions: (layer, inputShape) =>
      (inputShape.at(1) ?? 1) * kernel.positions(wrappedLayer(layer), stepShape(inputShape)),
    kernelInput(layer, [input], mask) {
      const steps = reshape(input, stepShape(input.shape));
      const stepsMask = mask && stepMask(mask, input.shape.at(1) ?? 1);
      const kernelInput = kernel.kernelInput(wrappedLayer(layer), [steps], stepsMask);
      dispose([steps, ...(stepsMask ? [stepsMask] : [])]);
      return kernelInput;
    },
    ...(kernel.kernelInputSize && {
      kernelInputSize: (layer, inputShape) =>
        sizeTimes(inputShape.at(1) ?? 1, kernel.kernelInputSize?.(wrappedLayer(layer), stepShape(inputShape))),
    }),
    columns: (layer, input, rows) => kernel.columns(wrappedLayer(layer), input, rows),
  };
}

function sizeTimes(time: number, size = {result: 0, peak: 0}): {result: number; peak: number} {
  return {result: time * size.result, peak: time * size.peak};
}

/** The mask that the wrapped layer is called with: tfjs passes the same one at every time step. */
function stepMask(mask: Tensor, time: number): Tensor {
  const [batch, ...others] = mask.shape;
  return tidy(() => reshape(tile(expandDims(mask, 1), [1, time, ...others.map(() => 1)]), [batch * time, ...others]));
}

/** `[batch, time, …]` as `[batch · time, …]`. */
function stepShape([batch, time, ...step]: readonly number[]): number[] {
  return [batch * time, ...step];
}
