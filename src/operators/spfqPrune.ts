import type {OperatorFunction} from 'rxjs';
import {pruneModel} from '../stages/prune/pruneModel.ts';
import {pruneToModelSparsity} from '../stages/prune/sparsityBudget.ts';
import type {Compression} from '../stages/run/compression.ts';
import {prunePlan, type SpfqPruneOptions} from './pruneOptions.ts';
import {stage} from './stage.ts';

/**
 * Prunes weights by stochastic path following: q_t = T(w̃_t + Σ_{s<t} F_ts (w̃_s − q_s)) with the stochastic threshold
 * T(x) = x for |x| > c, else c · sign x with probability |x|/c, else 0 (Zhang & Saab 2024, arXiv 2412.18184). c is
 * chosen such that the requested share of weights becomes 0; a trim makes it exact. The kept weights then compensate
 * for the others, by least squares on their support: argmin ‖XW − X̃V‖² + λ‖V − W‖². Masks that are found in other ways
 * compete in each layer; the report names the winner.
 *
 * ```ts
 * compress(model)
 *   .pipe(calibrate(x), spfqPrune({sparsity: 0.5}), spfqQuantize({bits: 4}))
 *   .subscribe(({model}) => model.save('indexeddb://small'));
 * ```
 * Put it before a quantizing stage, which keeps every zero.
 * @param options see {@link SpfqPruneOptions}
 * @returns an operator whose stream may end with a DataError, ModelError or BackendError
 * @throws OptionError at once, for an option that is unknown or out of range
 */
export function spfqPrune(options: SpfqPruneOptions = {}): OperatorFunction<Compression, Compression> {
  return pruneStage('spfqPrune', options);
}

/** {@link spfqPrune} under the name of a preset. */
export function pruneStage(name: string, options: SpfqPruneOptions): OperatorFunction<Compression, Compression> {
  const {modelSparsity, ...plan} = prunePlan(name, options);
  return stage(name, (compression, context) => {
    const seeded = {...plan, seed: plan.seed ?? compression.seed};
    return modelSparsity === undefined
      ? pruneModel(compression, seeded, context)
      : pruneToModelSparsity(compression, {...seeded, sparsity: modelSparsity}, context);
  });
}
