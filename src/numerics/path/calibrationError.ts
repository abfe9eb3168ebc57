import {type Matrix, subtract} from '../linalg/matrix.ts';
import {multiply} from '../linalg/product.ts';
import type {Task} from '../task.ts';
import {dampedFeedback} from './pathFeedback.ts';
import {followPath, type Path} from './pathFollowing.ts';

/**
 * The calibration error of each neuron, ‖XW − X̃Q‖² minus a constant that does not depend on Q:
 *
 *     J_n = Σ_t e_t (2 R_t + H_tt e_t + 2 Σ_{s<t} H_ts e_s),   E = W̃ − Q,   R = GW − HW̃
 *
 * Use it only to compare candidates. No large squares cancel in it, unlike in ‖XW‖² − 2⟨Q, GW⟩ + ⟨Q, HQ⟩.
 * @param gram H `[features, features]`
 * @param residual R `[features, neurons]`
 * @param aligned W̃ `[features, neurons]`
 * @param path Q, and its drift under path feedback with scaling C, so that Σ_{s<t} H_ts e_s = C · H_tt · drift_t
 * @param scaling C
 */
export function calibrationErrors(
  gram: Matrix,
  residual: Matrix,
  aligned: Matrix,
  path: Path,
  scaling: number,
): Float64Array {
  const {rows: features, columns: neurons} = aligned;
  const errors = new Float64Array(neurons);
  for (let t = 0; t < features; t++) {
    const norm = gram.data[t * features + t];
    for (let n = 0, i = t * neurons; n < neurons; n++, i++) {
      const error = aligned.data[i] - path.values.data[i];
      errors[n] += error * (2 * residual.data[i] + norm * (error + 2 * scaling * path.drift.data[i]));
    }
  }
  return errors;
}

/** The drift of given values under path feedback with C = 1, whichever feedback they were found with. */
export function* replayDrift(gram: Matrix, aligned: Matrix, values: Matrix): Task<Path> {
  const {feedback} = yield* dampedFeedback(gram, {kind: 'path'});
  return yield* followPath(aligned, feedback, (_, t, n) => values.data[t * values.columns + n]);
}

/**
 * How far ‖XW − X̃Q‖² of each neuron falls when Q changes,
 *
 *     gain_n = ‖XW − X̃Q‖² − ‖XW − X̃Q⁺‖² = Σ_t Δ_t (2 R_t − (HΔ)_t),   Δ = Q⁺ − Q,   R = GW − HQ
 *
 * computed without cancellation of large squares. Negative where the error rises.
 * @param gram H `[features, features]`
 * @param target GW `[features, neurons]`
 * @param from Q `[features, neurons]`
 * @param to Q⁺ `[features, neurons]`
 */
export function* calibrationGain(gram: Matrix, target: Matrix, from: Matrix, to: Matrix): Task<Float64Array> {
  const change = subtract(to, from);
  const residual = subtract(target, yield* multiply(gram, from));
  const moved = yield* multiply(gram, change);
  const gain = new Float64Array(target.columns);
  change.data.forEach((delta, i) => {
    gain[i % gain.length] += delta * (2 * residual.data[i] - moved.data[i]);
  });
  return gain;
}
