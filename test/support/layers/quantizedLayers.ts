import type {CompressedLayer, QuantizedLayer} from 'tfjs-compress';

/** Compressed layers, every one of which must be of letters. */
export function quantizedLayers(layers: readonly CompressedLayer[]): QuantizedLayer[] {
  return layers.map((layer) => {
    if (layer.kind !== 'quantized') throw new Error(`expected letters in layer '${layer.name}', it was only pruned`);
    return layer;
  });
}

/** The codes of each layer's first problem. */
export function codesOf(layers: readonly CompressedLayer[]): number[][] {
  return quantizedLayers(layers).map(({matrices: [{codes}]}) => Array.from(codes));
}
