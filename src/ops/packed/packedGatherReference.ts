import {type CpuBackend, defineKernel} from '../kernel.ts';
import {codesAt} from './codesAt.ts';
import type {PackedLayout} from './packedOperand.ts';
import {PACKED_GATHER, type PackedGatherAttrs, type PackedInputs} from './packedOps.ts';

/** PackedGather on the cpu: decodes the rows that are asked for, one by one. */
export const packedGatherReference = defineKernel<PackedInputs, PackedGatherAttrs, CpuBackend>({
  kernelName: PACKED_GATHER,
  backendName: 'cpu',
  kernelFunc: ({inputs: {x, codes, steps, offsets}, attrs: {layout, rows}, backend}) => {
    const [indices, words, scales, shifts] = [x, codes, steps, offsets].map((tensor) =>
      tensor ? backend.data.get(tensor.dataId).values : [],
    );
    const {neurons} = layout;
    const gathered = new Float32Array(indices.length * neurons);
    for (let i = 0; i < indices.length; i++) {
      const index = Math.trunc(indices[i]);
      if (!(index >= 0 && index < rows))
        throw new RangeError(`PackedGather: expected row indices from 0 to ${rows - 1}, got ${indices[i]}`);
      writeRow(gathered.subarray(i * neurons, (i + 1) * neurons), index, {
        layout,
        words,
        steps: scales,
        offsets: offsets && shifts,
      });
    }
    return backend.makeTensorInfo([indices.length, neurons], 'float32', gathered);
  },
});

interface Operand {
  readonly layout: PackedLayout;
  readonly words: ArrayLike<number>;
  readonly steps: ArrayLike<number>;
  readonly offsets: ArrayLike<number> | undefined;
}

/** Decodes one row into an array of zeros. */
function writeRow(row: Float32Array, index: number, {layout, words, steps, offsets}: Operand): void {
  const {features, neurons, groupSize, groups, levels, letterBits, origin, zeros} = layout;
  const t = index % features;
  const group = Math.floor(index / features) * groups + Math.floor(t / groupSize);
  const inGroup = t % groupSize;
  const [first, count, own] =
    typeof zeros === 'object' ? [Math.floor(inGroup / zeros.m) * zeros.n, zeros.n, inGroup % zeros.m] : [inGroup, 1, 0];
  for (let k = first; k < first + count; k++) {
    const codes = codesAt(layout, words, group, k);
    for (let n = 0; n < neurons; n++) {
      const letter = codes(n) & (2 ** letterBits - 1);
      if (codes(n) >>> letterBits !== own || (zeros === 'sentinel' && letter === levels)) continue;
      const cell = group * neurons + n;
      row[n] = steps[cell] * (letter + origin) + (offsets ? offsets[cell] : 0);
    }
  }
}
