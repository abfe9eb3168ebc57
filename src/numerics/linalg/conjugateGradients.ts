import type {Task} from '../task.ts';
import {meanDiagonal} from './damping.ts';
import {applyMask, type Mask} from './mask.ts';
import {diagonal, type Matrix, matrix, requireSameShape, subtract} from './matrix.ts';
import {multiply} from './product.ts';

/** When the iteration stops. */
export interface SupportOptions {
  /** λ / mean diag H. Default 0.01. */
  readonly damping?: number;
  /** The maximum number of iterations. Default 60. */
  readonly iterations?: number;
  /** A neuron stops once its residual, in the norm of the preconditioner, has fallen by this factor. Default 1e-4. */
  readonly tolerance?: number;
}

/**
 * Solves for the kept weights: argmin ‖XW − X̃V‖² + λ‖V − V₀‖² over V that are 0 off the mask, by conjugate gradients
 * on H + λI with its diagonal as preconditioner, all neurons at once (Hestenes & Stiefel 1952; Golub & Van Loan, 11.5).
 * Each iteration lowers that sum, so ‖XW − X̃V‖² never exceeds that of V₀. A dead feature keeps its weight.
 * @param gram H `[features, features]`
 * @param target GW `[features, neurons]`
 * @param start V₀ `[features, neurons]`; its entries off the mask count as 0
 * @param mask which weights are kept; without one, all
 * @throws RangeError if the shapes do not fit
 */
export function* solveOnSupport(
  gram: Matrix,
  target: Matrix,
  start: Matrix,
  mask: Mask | undefined,
  {damping = 0.01, iterations = 60, tolerance = 1e-4}: SupportOptions = {},
): Task<Matrix> {
  requireSameShape('solveOnSupport', target, start);
  const kept = applyMask(start, mask);
  const residual = subtract(target, yield* multiply(gram, kept));
  const solver = new ConjugateGradients(gram, residual, kept, mask, {damping, tolerance});
  for (let k = 0; k < iterations && (yield* solver.iterate()); k++);
  return solver.solution;
}

/**
 * Preconditioned conjugate gradients, one system per neuron, all in lockstep. With A = H + λI on the support and
 * M = diag A, residual r, z = M⁻¹r and direction p:
 *
 *     α = ⟨r, z⟩ / ⟨p, Ap⟩;  v += αp;  r −= αAp;  β = ⟨r⁺, z⁺⟩ / ⟨r, z⟩;  p = z⁺ + βp
 */
class ConjugateGradients {
  readonly solution: Matrix;
  private readonly lambda: number;
  /** 1 / (H_tt + λ) on the support, 0 off it and at dead features: directions have exact zeros there. */
  private readonly inverse: Float64Array;
  private readonly direction: Matrix;
  /** ⟨r, z⟩ of each neuron, and the value below which it counts as solved. */
  private rz: Float64Array;
  private readonly rzTarget: Float64Array;

  /** @param residual r = GW − HV + λ(V₀ − V), meaningless off the support; it is written to */
  constructor(
    private readonly gram: Matrix,
    private readonly residual: Matrix,
    start: Matrix,
    mask: Mask | undefined,
    {damping, tolerance}: Readonly<Record<'damping' | 'tolerance', number>>,
  ) {
    this.lambda = damping * meanDiagonal(gram);
    this.inverse = inverseDiagonal(gram, this.lambda, start.columns, mask);
    this.solution = matrix(start.rows, start.columns, start.data.slice());
    this.direction = matrix(
      start.rows,
      start.columns,
      this.residual.data.map((r, i) => r * this.inverse[i]),
    );
    this.rz = columnDots(this.residual.data, this.direction.data, start.columns);
    this.rzTarget = this.rz.map((rz) => tolerance ** 2 * rz);
  }

  /** One iteration of every neuron that is not solved. @returns whether any solution changed */
  *iterate(): Task<boolean> {
    const product = yield* multiply(this.gram, this.direction);
    const alpha = this.advance(product.data.map((entry, i) => entry + this.lambda * this.direction.data[i]));
    yield;
    return alpha.some((length) => length > 0);
  }

  /** Moves v along p and makes the next p. @param product Ap @returns α of each neuron, 0 where it is solved */
  private advance(product: Float64Array): Float64Array {
    const {
      solution: {data: solution},
      residual: {data: residual},
      direction: {data: direction},
      inverse,
    } = this;
    const neurons = this.solution.columns;
    const curvature = columnDots(direction, product, neurons);
    const alpha = this.rz.map((rz, n) => (rz > this.rzTarget[n] && curvature[n] > 0 ? rz / curvature[n] : 0));
    for (let i = 0; i < solution.length; i++) {
      solution[i] += alpha[i % neurons] * direction[i];
      residual[i] -= alpha[i % neurons] * product[i];
    }
    const before = this.rz;
    this.rz = columnDots(
      residual,
      residual.map((r, i) => r * inverse[i]),
      neurons,
    );
    for (let i = 0; i < direction.length; i++) {
      const n = i % neurons;
      const z = residual[i] * inverse[i];
      const beta = this.rz[n] / before[n];
      direction[i] = alpha[n] > 0 ? z + beta * direction[i] : 0;
    }
    return alpha;
  }
}

function inverseDiagonal(gram: Matrix, lambda: number, neurons: number, mask: Mask | undefined): Float64Array {
  const norms = diagonal(gram);
  return Float64Array.from({length: norms.length * neurons}, (_, i) => {
    const norm = norms[Math.floor(i / neurons)];
    return norm > 0 && mask?.[i] !== 0 ? 1 / (norm + lambda) : 0;
  });
}

/** ⟨a, b⟩ of every column. */
function columnDots(a: Float64Array, b: Float64Array, columns: number): Float64Array {
  const dots = new Float64Array(columns);
  for (let from = 0; from < a.length; from += columns) {
    for (let n = 0; n < columns; n++) dots[n] += a[from + n] * b[from + n];
  }
  return dots;
}
