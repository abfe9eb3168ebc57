import type {CompressedLayer, Compression} from 'tfjs-compress';

/**
 * The least bytes that a compression of letters takes without entropy coding of its codes: bits/8 of every kept weight,
 * 4 of every step, offset and parameter that is not compressed; and of the mask one bit for each weight, or log₂ (4
 * choose 2) / 4 where 2 of every 4 neighbours are kept.
 */
export function idealBytes({model, layers}: Compression, bits: number): number {
  const weights = sumOf(layers.map(weightsOf));
  return 4 * (model.countParams() - weights) + sumOf(layers.map((layer) => layerBytes(layer, bits)));
}

function layerBytes(layer: CompressedLayer, bits: number): number {
  if (layer.kind === 'pruned')
    return sumOf(layer.matrices.map(({mask}) => 4 * keptOf(mask) + maskBytes(mask, layer.matrices[0].neurons)));
  return sumOf(
    layer.matrices.map(
      ({features, neurons, mask, scales: {steps, offsets}}) =>
        ((mask ? keptOf(mask) : features * neurons) * bits) / 8 +
        4 * (steps.length + (offsets?.length ?? 0)) +
        (mask ? maskBytes(mask, neurons) : 0),
    ),
  );
}

function maskBytes(mask: Uint8Array, neurons: number): number {
  const perWeight = isTwoOfFour(mask, neurons) ? Math.log2(6) / 4 : 1;
  return (mask.length * perWeight) / 8;
}

/** Whether exactly 2 of every 4 neighbouring features of each neuron are kept. */
function isTwoOfFour(mask: Uint8Array, neurons: number): boolean {
  const features = mask.length / neurons;
  if (features % 4 !== 0) return false;
  return mask.every((_, i) => {
    const [t, n] = [Math.floor(i / neurons), i % neurons];
    return t % 4 !== 0 || [0, 1, 2, 3].reduce((kept, s) => kept + mask[(t + s) * neurons + n], 0) === 2;
  });
}

function weightsOf({matrices}: CompressedLayer): number {
  return sumOf(matrices.map(({features, neurons}) => features * neurons));
}

function keptOf(mask: Uint8Array): number {
  return mask.reduce((kept, bit) => kept + bit, 0);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
