import {expect} from 'chai';
import {
  keepLargest,
  type MaskForm,
  matrix,
  type PackedParts,
  type Packing,
  packMatrices,
  partsOf,
  type UnpackedMatrices,
  unpackMatrices,
  unpackWeights,
} from 'tfjs-compress/numerics';
import {gaussian} from '../../support/kernels/pathProblems.ts';
import {uniforms} from '../../support/numerics/randomMatrices.ts';

const SHAPE = {problems: 2, features: 12, neurons: 3};
const WEIGHTS = 72;

describe('packMatrices', () => {
  for (const levels of [2, 3, 4, 7, 15, 255]) {
    for (const [zeros, pattern] of [
      ['no zeros', undefined],
      ['a plane of zeros', 'unstructured'],
      ['2 of 4', {n: 2, m: 4}],
    ] as const) {
      for (const [groupSize, offsets] of [
        [12, false],
        [5, true],
      ] as const) {
        const form = `${levels} letters, ${zeros}, groups of ${groupSize}${offsets ? ' with offsets' : ''}`;
        it(`${form}: the weights come back, each step · (code + origin) + offset in float32`, () => {
          const {matrices, packing, parts} = packed({levels, pattern, groupSize, offsets});
          const unpacked = unpackMatrices(packing, parts);
          expect([...(unpacked.codes ?? [])]).to.deep.equal([...(matrices.codes ?? [])]);
          expect(unpacked.mask && [...unpacked.mask]).to.deep.equal(matrices.mask && [...matrices.mask]);
          unpackWeights(packing, unpacked).forEach(({data}, p) => {
            expect([...data]).to.deep.equal(expectedWeights(matrices, packing, p));
          });
        });
      }
    }
  }

  it('keeps only what is kept: half the codes of a half pruned matrix, and a mask', () => {
    const {packing, parts} = packed({levels: 15, pattern: 'unstructured', groupSize: 12, offsets: false});
    expect(packing).to.include({kept: 36, zeros: 'plane'});
    expect(partsOf(packing).map(({name, dtype, length}) => [name, dtype, length])).to.deep.equal([
      ['codes', 'int32', 5],
      ['steps', 'float32', 6],
      ['mask', 'int32', 3],
    ]);
    expect(partsOf(packing).map(({name}) => parts[name]?.length)).to.deep.equal([5, 6, 3]);
  });

  it('without letters stores the kept weights as they are', () => {
    const values = Float32Array.of(1.5, 0, -2, 0, 3, 0);
    const {packing, parts} = packMatrices(
      {problems: 1, features: 2, neurons: 3},
      {values, mask: Uint8Array.of(1, 0, 1, 0, 1, 0)},
    );
    expect([...(parts.values ?? [])]).to.deep.equal([1.5, -2, 3]);
    expect(unpackWeights(packing, unpackMatrices(packing, parts)).map(({data}) => [...data])).to.deep.equal([
      [...values],
    ]);
  });
});

describe('unpackMatrices', () => {
  for (const [damage, message, change] of [
    [
      'a word too few',
      'codes: expected 5 numbers, got 4',
      (parts: PackedParts) => ({...parts, codes: parts.codes?.slice(1)}),
    ],
    ['no mask', 'mask: expected 3 numbers, got none', ({codes, steps}: PackedParts) => ({codes, steps})],
    [
      'a step that is no number',
      'steps: expected finite numbers, got NaN at 2',
      (parts: PackedParts) => ({
        ...parts,
        steps: Float32Array.from(parts.steps ?? [], (step, i) => (i === 2 ? NaN : step)),
      }),
    ],
    [
      'a step below 0',
      'steps: expected no negative number, got -1 at 0',
      (parts: PackedParts) => ({...parts, steps: Float32Array.from(parts.steps ?? [], () => -1)}),
    ],
    [
      'a code beyond the alphabet',
      'codes: expected numbers from 0 to 14, got 15 at 0',
      (parts: PackedParts) => ({...parts, codes: Int32Array.from(parts.codes ?? [], () => -1)}),
    ],
    [
      'another mask',
      'mask: expected 36 kept weights, got 0',
      (parts: PackedParts) => ({...parts, mask: new Int32Array(3)}),
    ],
    [
      'bits behind the mask',
      'mask: expected only zeros after bit 72, got 1',
      (parts: PackedParts) => ({
        ...parts,
        mask: Int32Array.from(parts.mask ?? [], (word, i) => (i === 2 ? word | 256 : word)),
      }),
    ],
  ] as const) {
    it(`refuses ${damage}: ${message}`, () => {
      const {packing, parts} = packed({levels: 15, pattern: 'unstructured', groupSize: 12, offsets: false});
      const damaged: PackedParts = change(parts) as PackedParts;
      expect(() => unpackMatrices(packing, damaged)).to.throw(RangeError, message);
    });
  }
});

interface Case {
  readonly levels: number;
  readonly pattern: Exclude<MaskForm, 'plane'> | 'unstructured' | undefined;
  readonly groupSize: number;
  readonly offsets: boolean;
}

function packed({levels, pattern, groupSize, offsets}: Case): {
  matrices: UnpackedMatrices;
  packing: Packing;
  parts: PackedParts;
} {
  const next = uniforms(levels);
  const steps = SHAPE.problems * Math.ceil(SHAPE.features / groupSize) * SHAPE.neurons;
  const mask = pattern && keepLargest(matrix(24, 3, gaussian(5, 24, 3).data.map(Math.abs)), pattern, 0.5);
  const matrices: UnpackedMatrices = {
    codes: Uint8Array.from({length: WEIGHTS}, (_, i) => (mask?.[i] === 0 ? 0 : Math.floor(next() * levels))),
    steps: Float32Array.from({length: steps}, next),
    offsets: offsets ? Float32Array.from({length: steps}, next) : undefined,
    mask,
  };
  return {
    matrices,
    ...packMatrices({...SHAPE, letters: {levels, origin: -(levels - 1) / 2, groupSize, offsets}}, matrices),
  };
}

/** Written out from the definition. */
function expectedWeights(
  {codes, steps, offsets, mask}: UnpackedMatrices,
  {features, neurons, letters}: Packing,
  p: number,
): number[] {
  return Array.from({length: features * neurons}, (_, i) => {
    const place = p * features * neurons + i;
    if (mask?.[place] === 0 || !letters || !codes || !steps) return 0;
    const groups = Math.ceil(features / letters.groupSize);
    const cell = (p * groups + Math.floor(Math.floor(i / neurons) / letters.groupSize)) * neurons + (i % neurons);
    return Math.fround(steps[cell] * (codes[place] + letters.origin) + (offsets ? offsets[cell] : 0));
  });
}
