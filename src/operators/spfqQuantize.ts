import type {OperatorFunction} from 'rxjs';
import {quantizeToBudget} from '../stages/quantize/bitBudget.ts';
import {quantizeModel} from '../stages/quantize/quantizeModel.ts';
import type {Compression} from '../stages/run/compression.ts';
import {type BudgetedQuantizeOptions, budgetPlan, hasBudget, requireNoBudget} from './quantizeBudget.ts';
import {completePlan, quantizePlan, type SpfqQuantizeOptions} from './quantizeOptions.ts';
import {stage} from './stage.ts';

/**
 * Quantizes the weight matrices of a model by stochastic path following. Layers of unknown types are in
 * `report.skipped`.
 *
 * For each neuron, q_t = T(w̃_t + Σ_{s<t} F_ts (w̃_s − q_s)): every weight is rounded together with the errors made
 * before it, so that the layer's outputs change little (Zhang & Saab 2024, arXiv 2412.18184). Then scales are refitted
 * and letters swept, which never increases the error: s ← ⟨z, GW⟩/⟨z, Hz⟩, and q_t ← the letter nearest to q_t + (GW −
 * HQ)_t / H_tt.
 *
 * ```ts
 * compress(model).pipe(calibrate(x), spfqQuantize({bits: 2})).subscribe(({model}) => model.save('indexeddb://small'));
 * ```
 * `samples: 1, sweeps: 0` is the paper's SPFQ; with `rounding: 'nearest'` as well it is GPFQ. `{bits: 'auto', budget:
 * {bitsPerWeight: 3}}` gives more letters to the layers whose errors change the outputs most; the report tells which
 * and why.
 * @param options see {@link SpfqQuantizeOptions} and {@link BudgetedQuantizeOptions}; `{bits: 2}` alone is a good
 *   choice
 * @returns an operator whose stream may end with a DataError, ModelError (also for a budget that cannot be met) or
 *   BackendError
 * @throws OptionError at once, for an option that is unknown or out of range
 */
export function spfqQuantize(
  options: SpfqQuantizeOptions | BudgetedQuantizeOptions = {},
): OperatorFunction<Compression, Compression> {
  const where = 'spfqQuantize';
  if (hasBudget(options)) {
    const {budget, widths} = budgetPlan(where, options);
    return stage(where, (compression, context) =>
      quantizeToBudget(compression, widths(compression.seed), budget, context),
    );
  }
  requireNoBudget(where, options);
  const plan = quantizePlan(where, options, ['budget']);
  return stage(where, (compression, context) =>
    quantizeModel(compression, completePlan(plan, compression.seed), context),
  );
}
