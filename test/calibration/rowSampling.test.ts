import {expect} from 'chai';
import fc from 'fast-check';
import {type PlannedRows, RowPlan} from '../../src/calibration/rowSampling.ts';
import {isHeldBack, isWitness} from '../support/numerics/rowTurns.ts';

const wide = 2 ** 10;

describe('RowPlan', () => {
  it('takes every row where there are no more positions than rows for a sample', () => {
    const {calibrated, heldOut} = new RowPlan(1, 0, 4, wide).plan(0, 10, 4);
    expect(sorted([...calibrated, ...heldOut])).to.deep.equal(range(40));
  });

  it('takes one position at random from each of as many equal strata as rows are wanted', () => {
    const plan = new RowPlan(1, 0, 4, wide).plan(0, 100, 20);
    const rows = sorted([...plan.calibrated, ...plan.heldOut]);
    expect(rows).to.have.length(400);
    rows.forEach((row, i) => expect(Math.floor(row / 5)).to.equal(i));
    // each of the five places of a stratum 80 times, to 4 standard deviations of 8
    for (const place of range(5)) expect(rows.filter((row) => row % 5 === place).length).to.be.within(48, 112);
  });

  it('is the same whatever the batches are', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(),
          rowsPerSample: fc.integer({min: 1, max: 9}),
          positions: fc.integer({min: 1, max: 12}),
          sizes: fc.array(fc.integer({min: 1, max: 40}), {minLength: 1, maxLength: 8}),
        }),
        ({seed, rowsPerSample, positions, sizes}) => {
          const count = sizes.reduce((sum, size) => sum + size, 0);
          const whole = new RowPlan(seed, 3, rowsPerSample, wide).plan(0, count, positions);
          const batched = new RowPlan(seed, 3, rowsPerSample, wide);
          const parts: PlannedRows[] = [];
          let offset = 0;
          for (const size of sizes) {
            parts.push(shifted(batched.plan(offset, size, positions), offset * positions));
            offset += size;
          }
          for (const kind of ['calibrated', 'heldOut', 'boundRows'] as const) {
            expect(parts.flatMap((part) => Array.from(part[kind]))).to.deep.equal(Array.from(whole[kind]));
          }
        },
      ),
      {seed: 1},
    );
  });

  it('is the same when samples are asked for again, as a second call of a layer does', () => {
    const plan = new RowPlan(1, 0, 2, wide);
    expect(plan.plan(0, 20000, 3)).to.deep.equal(plan.plan(0, 20000, 3));
  });

  it('holds back one row of every 16, up to 512, and shows one of the others, up to 256', () => {
    const {calibrated, heldOut, boundRows} = new RowPlan(1, 0, 1, wide).plan(0, 20000, 1);
    expect(Array.from(heldOut)).to.deep.equal(range(16 * 512).filter(isHeldBack));
    expect(Array.from(boundRows)).to.deep.equal(range(16 * 256).filter(isWitness));
    expect(calibrated).to.have.length(20000 - 512);
    expect(heldOut.some((row) => calibrated.includes(row))).to.equal(false);
    expect(boundRows.every((row) => calibrated.includes(row))).to.equal(true);
  });

  it('holds no row back of fewer than 16', () => {
    expect(new RowPlan(1, 0, 1, wide).plan(0, 15, 1)).to.deep.include({
      calibrated: Int32Array.from(range(15)),
      heldOut: new Int32Array(0),
    });
  });

  it('keeps at most 2²⁴ numbers of either kind: 16 rows of 2²⁰, one of 2²⁵', () => {
    for (const [width, max] of [
      [2 ** 20, 16],
      [2 ** 25, 1],
    ]) {
      const {heldOut, boundRows} = new RowPlan(1, 0, 1, width).plan(0, 20000, 1);
      expect([heldOut.length, boundRows.length]).to.deep.equal([max, max]);
    }
  });

  it('depends on the seed and on the layer', () => {
    const rows = (seed: number, layer: number) => new RowPlan(seed, layer, 2, wide).plan(0, 50, 100).calibrated;
    expect(rows(1, 0)).to.deep.equal(rows(1, 0));
    expect(rows(1, 0)).to.not.deep.equal(rows(2, 0));
    expect(rows(1, 0)).to.not.deep.equal(rows(1, 1));
  });
});

function shifted({calibrated, heldOut, boundRows}: PlannedRows, by: number): PlannedRows {
  const shift = (rows: Int32Array) => rows.map((row) => row + by);
  return {calibrated: shift(calibrated), heldOut: shift(heldOut), boundRows: shift(boundRows)};
}

function sorted(rows: number[]): number[] {
  return rows.sort((a, b) => a - b);
}

function range(count: number): number[] {
  return Array.from({length: count}, (_, i) => i);
}
