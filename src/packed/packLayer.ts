import type {PackedMatrices, UnpackedMatrices} from '../numerics/coding/packing.ts';
import {packMatrices} from '../numerics/coding/packMatrices.ts';
import {concatenate} from '../numerics/concatenate.ts';
import type {Mask} from '../numerics/linalg/mask.ts';
import type {Matrix} from '../numerics/linalg/matrix.ts';
import type {CompressedLayer, PrunedLayer, QuantizedLayer} from '../records.ts';

/**
 * Packs a compressed layer.
 * @param values its weights, by matrix
 */
export function packLayer(layer: CompressedLayer, values: readonly Matrix[]): PackedMatrices {
  const {
    matrices: {length: problems},
    matrices: [{features, neurons}],
  } = layer;
  if (layer.kind === 'pruned') return packMatrices({problems, features, neurons}, prunedMatrices(layer, values));
  const {
    alphabet: {levels, lowest, shift},
    matrices: [
      {
        scales: {groupSize, offsets},
      },
    ],
  } = layer;
  const letters = {levels, origin: lowest + shift, groupSize, offsets: offsets !== undefined};
  return packMatrices({problems, features, neurons, letters}, lettersOf(layer));
}

function prunedMatrices(layer: PrunedLayer, values: readonly Matrix[]): UnpackedMatrices {
  return {
    values: concatenate(
      values.map(({data}) => data),
      Float32Array,
    ),
    mask: maskOf(layer),
  };
}

function lettersOf(layer: QuantizedLayer): UnpackedMatrices {
  const {
    alphabet: {lowest},
    matrices,
  } = layer;
  const offsets = matrices.flatMap(({scales}) => (scales.offsets ? [scales.offsets] : []));
  return {
    codes: concatenate(
      matrices.map(({codes}) => codes.map((code) => code - lowest)),
      Uint8Array,
    ),
    steps: concatenate(
      matrices.map(({scales}) => scales.steps),
      Float32Array,
    ),
    ...(offsets.length > 0 && {offsets: concatenate(offsets, Float32Array)}),
    mask: maskOf(layer),
  };
}

/** The masks of all matrices; a matrix without one keeps everything. */
function maskOf({matrices}: CompressedLayer): Mask | undefined {
  if (matrices.every(({mask}) => mask === undefined)) return undefined;
  return concatenate(
    matrices.map(({mask, features, neurons}) => mask ?? new Uint8Array(features * neurons).fill(1)),
    Uint8Array,
  );
}
