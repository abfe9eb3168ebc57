import type {Mask} from '../linalg/mask.ts';
import {packLevels} from './levels.ts';
import {packMask, smallestForm} from './masks.ts';
import type {PackedMatrices, Packing, UnpackedMatrices} from './packing.ts';

/** Packs matrices, their mask in the form that takes the fewest words. */
export function packMatrices(
  {problems, features, neurons, letters}: Omit<Packing, 'zeros' | 'kept'>,
  {codes, values, steps, offsets, mask}: UnpackedMatrices,
): PackedMatrices {
  const kept = mask ? mask.reduce((sum, bit) => sum + bit, 0) : problems * features * neurons;
  const zeros = mask && smallestForm(mask, {features, neurons});
  return {
    packing: {problems, features, neurons, kept, ...(letters && {letters}), ...(zeros !== undefined && {zeros})},
    parts: {
      ...(letters && codes && {codes: toInt32(packLevels(keptOf(codes, mask), letters.levels))}),
      ...(values && {values: keptOf(values, mask)}),
      ...(steps && {steps}),
      ...(offsets && {offsets}),
      ...(mask && zeros !== undefined && {mask: toInt32(packMask(mask, zeros, {features, neurons}))}),
    },
  };
}

interface Filterable<Numbers> {
  filter(accepts: (value: number, index: number) => boolean): Numbers;
}

function keptOf<Numbers extends Filterable<Numbers>>(all: Numbers, mask: Mask | undefined): Numbers {
  return mask ? all.filter((_, i) => mask[i] === 1) : all;
}

/** The same bits: tfjs has no tensors of uint32. */
function toInt32(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}
