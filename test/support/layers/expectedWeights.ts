import type {CompressedLayer} from 'tfjs-compress';

/**
 * The kernel that a compressed layer stands for, written out from its record, in the order of its kernel: step · (code
 * + shift) + offset in float32 where the mask keeps a weight, else 0. Weights that were only pruned are taken from the
 * kernel.
 */
export function expectedWeights(layer: CompressedLayer, kernel: ArrayLike<number>): number[] {
  const {matrices} = layer;
  const weights: number[] = [];
  matrices.forEach(({features, neurons, mask}, p) => {
    for (let t = 0; t < features; t++) {
      for (let n = 0; n < neurons; n++) {
        // Of several problems, channels of a depthwise kernel [height, width, channels, multiplier], neighbours lie
        // beside each other.
        const place = (t * matrices.length + p) * neurons + n;
        if (mask?.[t * neurons + n] === 0) weights[place] = 0;
        else weights[place] = layer.kind === 'pruned' ? kernel[place] : letter(layer, p, t, n);
      }
    }
  });
  return weights;
}

function letter(
  {alphabet, matrices}: Extract<CompressedLayer, {kind: 'quantized'}>,
  p: number,
  t: number,
  n: number,
): number {
  const {
    codes,
    neurons,
    scales: {steps, offsets, groupSize},
  } = matrices[p];
  const cell = Math.floor(t / groupSize) * neurons + n;
  const code = codes[t * neurons + n];
  if (code < alphabet.lowest || code > alphabet.highest)
    throw new RangeError(`expected a code of the alphabet, got ${code}`);
  return Math.fround(steps[cell] * (code + alphabet.shift) + (offsets?.[cell] ?? 0));
}
