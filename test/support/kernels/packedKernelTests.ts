import {expect} from 'chai';
import {errorOfConvolution, errorOfGather, errorOfMatMul, type PackedCase, type WindowCase} from './packedProblems.ts';

/** Rounding of float32 sums of up to 4,096 products, to the largest output. */
export const KERNEL_TOLERANCE = 1e-5;

/** Alphabets of 1 to 8 bits, and ternary. With pruned weights a code has one more bit where 0 is no letter. */
export const LEVELS = [2, 3, 4, 8, 16, 17, 64, 128, 256] as const;

const MATRICES = [
  {features: 120, neurons: 13, groupSize: 24},
  {features: 77, neurons: 5, groupSize: 10},
  {features: 512, neurons: 1, groupSize: 32},
  {features: 68, neurons: 34, groupSize: 64},
] as const;

const WINDOWS = [
  {height: 7, width: 6, channels: 8, kernel: [3, 3], neurons: 6, groupSize: 12},
  {height: 8, width: 9, channels: 16, kernel: [1, 1], padding: 'valid', neurons: 5, groupSize: 8},
  {height: 9, width: 8, channels: 3, kernel: [3, 2], strides: [2, 2], neurons: 1, groupSize: 4},
  {height: 10, width: 9, channels: 32, kernel: [3, 3], dilations: [2, 2], padding: 'valid', neurons: 9, groupSize: 32},
] as const satisfies ReadonlyArray<WindowCase & {neurons: number; groupSize: number}>;

const CHANNELS = [
  {height: 7, width: 6, channels: 5, kernel: [3, 3], neurons: 1, groupSize: 3},
  {height: 8, width: 9, channels: 4, kernel: [2, 2], strides: [2, 1], padding: 'valid', neurons: 2, groupSize: 2},
  {height: 9, width: 8, channels: 1, kernel: [3, 4], strides: [2, 2], neurons: 3, groupSize: 4},
  {height: 10, width: 9, channels: 8, kernel: [5, 4], dilations: [2, 2], padding: 'valid', neurons: 1, groupSize: 8},
] as const satisfies ReadonlyArray<WindowCase & {neurons: number; groupSize: number}>;

const FACTORS = {
  levels: LEVELS,
  op: ['matMul', 'conv2d', 'depthwiseConv2d'],
  shape: [0, 1, 2, 3],
  batch: [1, 3, 32],
  zeros: [undefined, 'plane', {n: 2, m: 4}],
  offsets: [false, true],
  grouped: [false, true],
  epilogue: [{activation: 'linear'}, {activation: 'relu', bias: true}, {activation: 'relu6', bias: true}],
} as const;

type Factors = typeof FACTORS;
type Choice = {readonly [Name in keyof Factors]: Factors[Name][number]};

/**
 * Compares the backend's packed kernels with float64 computations from codes. Every pair of choices occurs in one of
 * the cases; for use inside `onBackends`.
 */
export function testPackedKernels(): void {
  const cases = casesOfAllPairs();
  for (const levels of LEVELS) {
    it(`packed kernels equal the float64 computation from codes: ${levels} letters`, async () => {
      for (const choice of cases.filter((given) => given.levels === levels)) {
        expect(await errorOfCase(choice), JSON.stringify(choice)).to.be.at.most(KERNEL_TOLERANCE);
      }
    });
  }

  it('packed kernels look rows up in several matrices: all numbers of letters, zeros, offsets, groups', async () => {
    for (const [i, levels] of LEVELS.entries()) {
      for (const [j, zeros] of ([undefined, 'plane', {n: 2, m: 4}] as const).entries()) {
        const given = {
          levels,
          zeros,
          offsets: (i + j) % 2 === 0,
          dtype: i % 2 === 0 ? 'int32' : 'float32',
          batch: 300,
          problems: 3,
          features: 44,
          neurons: 5,
          ...((i + j) % 3 === 0 && {groupSize: 12}),
        } as const;
        expect(await errorOfGather(given), JSON.stringify(given)).to.be.at.most(KERNEL_TOLERANCE);
      }
    }
  });

  it('packed kernels read codes of 9 bits: 256 letters, offsets and pruned weights', async () => {
    expect(
      await errorOfMatMul({levels: 256, offsets: true, zeros: 'plane', batch: 3, features: 100, neurons: 6}),
    ).to.be.at.most(KERNEL_TOLERANCE);
  });

  it('packed kernels read 3 of 8 and 1 of 16 kept codes', async () => {
    for (const zeros of [
      {n: 3, m: 8},
      {n: 1, m: 16},
    ]) {
      expect(
        await errorOfMatMul({levels: 16, offsets: true, zeros, batch: 5, features: 160, neurons: 6, groupSize: 32}),
      ).to.be.at.most(KERNEL_TOLERANCE);
    }
  });
}

function errorOfCase({op, shape, levels, batch, zeros, offsets, grouped, epilogue}: Choice): Promise<number> {
  const dims = {matMul: MATRICES, conv2d: WINDOWS, depthwiseConv2d: CHANNELS}[op][shape];
  const features =
    'features' in dims ? dims.features : dims.kernel[0] * dims.kernel[1] * (op === 'conv2d' ? dims.channels : 1);
  const {groupSize, ...extent} = dims;
  const fits = typeof zeros !== 'object' || features % zeros.m === 0; // n of m needs whole runs of m
  const given: PackedCase = {
    ...epilogue,
    levels,
    batch,
    offsets,
    neurons: dims.neurons,
    zeros: fits ? zeros : 'plane',
    ...(grouped && {groupSize}),
  };
  if ('features' in extent) return errorOfMatMul({...given, features});
  return errorOfConvolution({...given, ...extent, kind: op === 'conv2d' ? 'full' : 'depthwise'});
}

/** Greedily takes the case with the largest number of pairs of choices that have not occurred, until all have. */
function casesOfAllPairs(): Choice[] {
  const names = Object.keys(FACTORS) as Array<keyof Factors>;
  const all = names.reduce<Array<Record<string, number>>>(
    (cases, name) => cases.flatMap((given) => FACTORS[name].map((_, i) => ({...given, [name]: i}))),
    [{}],
  );
  const pairsOf = (given: Record<string, number>) =>
    names.flatMap((a, i) => names.slice(0, i).map((b) => `${a}${given[a]} ${b}${given[b]}`));
  const candidates = all
    .map((given, i) => ({given, pairs: pairsOf(given), order: (i * 7919) % all.length}))
    .sort((a, b) => a.order - b.order);
  const open = new Set(candidates.flatMap(({pairs}) => pairs));
  const chosen: Choice[] = [];
  while (open.size > 0) {
    let best = {count: 0, candidate: candidates[0]};
    for (const candidate of candidates) {
      const count = candidate.pairs.reduce((sum, pair) => sum + (open.has(pair) ? 1 : 0), 0);
      if (count > best.count) best = {count, candidate};
    }
    best.candidate.pairs.forEach((pair) => open.delete(pair));
    chosen.push(
      Object.fromEntries(names.map((name) => [name, FACTORS[name][best.candidate.given[name]]])) as unknown as Choice,
    );
  }
  return chosen;
}
