import {type Matrix, matrix} from 'tfjs-compress/numerics';

/** T as the streamed recurrences take it: from the argument to the letter. */
export type Letter = (x: number, feature: number, neuron: number) => number;

/**
 * Order-r alignment as the paper writes it, with residuals û over samples instead of Grams:
 * w̃_t = ⟨X̃_t, û + w_t X_t⟩ / ‖X̃_t‖², then r − 1 passes w̃_t ← w̃_t + ⟨X̃_t, û⟩ / ‖X̃_t‖².
 */
export function streamedAlignment(
  original: Matrix,
  shadow: Matrix,
  weights: Matrix,
  order: number,
  dead: 'keep' | 'zero',
): Matrix {
  const aligned = matrix(weights.rows, weights.columns);
  eachNeuron(weights, (n) => {
    const w = columnOf(weights, n);
    const u = new Float64Array(shadow.rows);
    for (let sweep = 0; sweep < order; sweep++) {
      for (let t = 0; t < weights.rows; t++) {
        const x = columnOf(original, t),
          y = columnOf(shadow, t);
        const before = aligned.data[t * weights.columns + n];
        if (sweep === 0) addTo(u, w[t], x);
        const norm = dot(y, y);
        const now = norm > 0 ? before + dot(y, u) / norm : sweep > 0 ? before : dead === 'keep' ? w[t] : 0;
        aligned.data[t * weights.columns + n] = now;
        addTo(u, before - now, y);
      }
    }
  });
  return aligned;
}

/**
 * Path following as the paper writes it: u_t = u_{t−1} + (w̃_t − q_t) X̃_t, q_t = T(w̃_t + ⟨X̃_t, u_{t−1}⟩ / (C
 * ‖X̃_t‖²)).
 */
export function streamedPath(shadow: Matrix, aligned: Matrix, scaling: number, letter: Letter): Matrix {
  const values = matrix(aligned.rows, aligned.columns);
  eachNeuron(aligned, (n) => {
    const u = new Float64Array(shadow.rows);
    for (let t = 0; t < aligned.rows; t++) {
      const y = columnOf(shadow, t);
      const norm = dot(y, y);
      const weight = aligned.data[t * aligned.columns + n];
      const value = letter(norm > 0 ? weight + dot(y, u) / (scaling * norm) : weight, t, n);
      values.data[t * aligned.columns + n] = value;
      addTo(u, weight - value, y);
    }
  });
  return values;
}

function eachNeuron({columns}: Matrix, visit: (n: number) => void): void {
  for (let n = 0; n < columns; n++) visit(n);
}

function columnOf({rows, columns, data}: Matrix, j: number): Float64Array {
  return Float64Array.from({length: rows}, (_, i) => data[i * columns + j]);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, entry, i) => sum + entry * b[i], 0);
}

function addTo(sum: Float64Array, factor: number, vector: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * vector[i];
}
