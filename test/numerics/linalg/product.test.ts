import {expect} from 'chai';
import fc from 'fast-check';
import {fromRows, type Matrix, matrix, multiply, toRows, transpose} from 'tfjs-compress/numerics';
import {addPanelProduct as addPanelProductTask} from '../../../src/numerics/linalg/product.ts';
import {runSync, sync, type Task} from '../../../src/numerics/task.ts';
import {gaussianMatrix} from '../../support/numerics/randomMatrices.ts';

const addPanelProduct = sync(addPanelProductTask);

describe('multiply', () => {
  it('of [[1, 2], [3, 4]] and [[5, 6], [7, 8]] is [[19, 22], [43, 50]]', () => {
    expect(
      toRows(
        multiply(
          fromRows([
            [1, 2],
            [3, 4],
          ]),
          fromRows([
            [5, 6],
            [7, 8],
          ]),
        ),
      ),
    ).to.deep.equal([
      [19, 22],
      [43, 50],
    ]);
  });

  it('adds the terms of every entry in the order of the inner index, whatever the sizes', () => {
    const size = fc.integer({min: 0, max: 13});
    fc.assert(
      fc.property(size, size, size, fc.nat(), (rows, inner, columns, seed) => {
        const a = gaussianMatrix(rows, inner, seed),
          b = gaussianMatrix(inner, columns, seed + 1);
        const expected = matrix(
          rows,
          columns,
          Float64Array.from({length: rows * columns}, (_, k) => {
            let entry = 0;
            for (let s = 0; s < inner; s++)
              entry += a.data[Math.floor(k / columns) * inner + s] * b.data[s * columns + (k % columns)];
            return entry;
          }),
        );
        expect(multiply(a, b).data).to.deep.equal(expected.data);
      }),
      {seed: 1, numRuns: 300},
    );
  });

  it('refuses inner sizes that differ', () => {
    expect(() => multiply(matrix(2, 3), matrix(2, 3))).to.throw(
      RangeError,
      'multiply: expected [m, k] and [k, n], got [2, 3] and [2, 3]',
    );
  });
});

it('addPanelProduct over parts of the inner index gives the same bits as over all of it', () => {
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 12}),
      fc.integer({min: 0, max: 12}),
      fc.integer({min: 1, max: 9}),
      fc.nat(),
      (inner, cut, columns, seed) => {
        const a = gaussianMatrix(7, inner, seed),
          b = gaussianMatrix(inner, columns, seed + 1);
        const parts = matrix(7, columns);
        const rows = {firstRow: 2, lastRow: 7};
        addPanelProduct(parts, a, b, {...rows, firstInner: 0, lastInner: Math.min(cut, inner)});
        addPanelProduct(parts, a, b, {...rows, firstInner: Math.min(cut, inner), lastInner: inner});
        const whole = multiply(a, b).data.fill(0, 0, 2 * columns);
        expect(parts.data).to.deep.equal(whole);
      },
    ),
    {seed: 1, numRuns: 200},
  );
});

describe('matrix', () => {
  it('refuses data of another length', () => {
    expect(() => matrix(2, 3, new Float64Array(5))).to.throw(RangeError, 'matrix: expected 2 × 3 = 6 numbers, got 5');
  });

  it('fromRows refuses rows of different lengths', () => {
    expect(() => fromRows([[1, 2], [3]])).to.throw(RangeError, 'fromRows: expected 2 numbers in row 1, got 1');
  });

  it('transpose swaps rows and columns', () => {
    expect(
      toRows(
        transpose(
          fromRows([
            [1, 2, 3],
            [4, 5, 6],
          ]),
        ),
      ),
    ).to.deep.equal([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });
});

describe('multiply without WebAssembly', () => {
  const {WebAssembly: present} = globalThis;
  afterEach(() => {
    globalThis.WebAssembly = present;
  });

  it('gives the same bits', async () => {
    globalThis.WebAssembly = undefined as unknown as typeof WebAssembly;
    // A copy of the module that finds no WebAssembly when it makes its tile.
    const plain = (await import(String(new URL('../../../src/numerics/linalg/product.ts?plain', import.meta.url)))) as {
      multiply: (...args: Parameters<typeof multiply>) => Task<Matrix>;
    };
    const [a, b] = [gaussianMatrix(130, 301, 7), gaussianMatrix(301, 67, 8)];
    const expected = runSync(plain.multiply(a, b));
    globalThis.WebAssembly = present;
    expect(plain.multiply).not.to.equal(multiply);
    expect(Array.from(multiply(a, b).data)).to.deep.equal(Array.from(expected.data));
  });
});
