import {readdirSync, readFileSync} from 'node:fs';
import {expect} from 'chai';
import {alignWeights, followPath, fromRows, type Matrix, pathFeedback} from 'tfjs-compress/numerics';
import {gramsOf, largestDifference, residualOf} from '../../support/numerics/randomMatrices.ts';

/** Outputs of the authors' own code; the fields are described in test/golden/README.md. */
interface Golden {
  readonly X: number[][];
  readonly Xtilde: number[][];
  readonly W: number[][];
  readonly step: number;
  readonly maxCode: number;
  readonly order: number;
  readonly alignedW: number[][] | null;
  readonly quantizer: 'nearest' | 'soft';
  readonly lambda_: number;
  readonly Q: number[][];
  readonly codes: number[][];
  readonly residual: number[][];
  readonly residualNorm: number;
  readonly relativeError: number;
}

const folder = 'test/golden/';
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const tolerance = 1e-9; // float64 sums in another order

describe("the authors' own code", () => {
  it('left six golden files', () => expect(files).to.have.length(6));

  for (const file of files) {
    const golden = JSON.parse(readFileSync(folder + file, 'utf8')) as Golden;
    const inputs = {original: fromRows(golden.X), shadow: fromRows(golden.Xtilde), weights: fromRows(golden.W)};
    const {gram, crossGram} = gramsOf(inputs.original, inputs.shadow);
    // One pass of the authors' code is order 1 and the path in one.
    const aligned = alignWeights(inputs.weights, gram, crossGram, {
      method: 'order',
      order: Math.max(1, golden.order),
      dead: 'zero',
    });

    describe(file, () => {
      if (golden.alignedW) {
        const expected = fromRows(golden.alignedW);
        it('has the same aligned weights', () =>
          expect(largestDifference(aligned.data, expected.data)).to.be.below(tolerance));
      }

      for (const blockSize of [1, 2, 3, 7, 16, 128]) {
        it(`has the same codes, weights and residual in blocks of ${blockSize}`, () => {
          const {values} = followPath(
            aligned,
            pathFeedback(gram, {kind: 'path'}),
            (x) => golden.step * codeOf(x, golden),
            {blockSize},
          );
          expect(codesOf(values, golden.step)).to.deep.equal(golden.codes.flat());
          expect(largestDifference(values.data, golden.Q.flat())).to.be.below(tolerance);
          const residual = residualOf(inputs.original, inputs.weights, inputs.shadow, values);
          expect(largestDifference(residual.data, golden.residual.flat())).to.be.below(tolerance);
          expect(Math.hypot(...residual.data)).to.be.closeTo(golden.residualNorm, tolerance);
        });
      }
    });
  }
});

/** sign(y) · min(|⌊y / step + ½⌋|, maxCode), y = x, or x shrunk by λ. */
function codeOf(x: number, {step, maxCode, quantizer, lambda_}: Golden): number {
  const y = quantizer === 'soft' ? Math.sign(x) * Math.max(Math.abs(x) - lambda_, 0) : x;
  return Math.sign(y) * Math.min(Math.abs(Math.floor(y / step + 0.5)), maxCode);
}

function codesOf({data}: Matrix, step: number): number[] {
  return Array.from(data, (value) => Math.round(value / step) + 0); // no −0
}
