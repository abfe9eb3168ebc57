import {OptionError} from '../errors.ts';
import type {Bits} from '../numerics/stochastic/alphabet.ts';
import type {BitBudget, LetterWidth} from '../stages/quantize/bitBudget.ts';
import {completePlan, type QuantizePlan, quantizePlan, type SpfqQuantizeOptions} from './quantizeOptions.ts';

/** Options of `spfqQuantize` with letters that are chosen layer by layer. */
export interface BudgetedQuantizeOptions extends Omit<SpfqQuantizeOptions, 'bits' | 'levels' | 'layout'> {
  /** Every layer gets 1, log₂ 3, 2, 3, 4, 5, 6 or 8 bits per weight, as the budget allows. */
  readonly bits: 'auto';
  /**
   * One of: packed bits per compressed weight, scales included; bytes of the whole model, compressed layers packed; the
   * largest relative error of a layer. Each is measured as in the report.
   */
  readonly budget: BitBudget;
}

/** In ascending order, in which `maxRelativeError` tries them. */
const WIDTHS = [1, 'ternary', 2, 3, 4, 5, 6, 8] as const satisfies readonly Bits[];

const BUDGETS = ['bitsPerWeight', 'bytes', 'maxRelativeError'];

/** A budget, and every width with its plan. */
export interface BudgetPlan {
  readonly budget: BitBudget;
  readonly widths: (pipelineSeed: number) => LetterWidth[];
}

/** Whether letters are chosen by a budget. Accepts untyped JavaScript input. */
export function hasBudget(options: SpfqQuantizeOptions | BudgetedQuantizeOptions): options is BudgetedQuantizeOptions {
  return optionIn(options, 'bits') === 'auto';
}

/**
 * Checks the options of a quantizing stage with a budget.
 * @throws OptionError that names the option, what it must be and what came
 */
export function budgetPlan(where: string, {bits, budget, ...others}: BudgetedQuantizeOptions): BudgetPlan {
  if (!isBudget(budget)) {
    throw new OptionError(
      where,
      'budget',
      `{bitsPerWeight}, {bytes} or {maxRelativeError}, one of them, with a positive number, for bits: '${bits}'`,
      budget,
    );
  }
  for (const option of ['levels', 'layout']) {
    const value = optionIn(others, option);
    if (value !== undefined)
      throw new OptionError(where, option, `absent with bits: '${bits}', which chooses the letters`, value);
  }
  const plans = WIDTHS.map((width): {bits: Bits; plan: QuantizePlan} => ({
    bits: width,
    plan: quantizePlan(where, {...others, bits: width}, ['budget']),
  }));
  return {
    budget,
    widths: (pipelineSeed) =>
      plans.map(({bits: width, plan}) => ({bits: width, options: completePlan(plan, pipelineSeed)})),
  };
}

/** @throws OptionError if there is a budget without `bits: 'auto'` */
export function requireNoBudget(where: string, options: SpfqQuantizeOptions): void {
  const budget = optionIn(options, 'budget');
  if (budget !== undefined) throw new OptionError(where, 'budget', "absent without bits: 'auto'", budget);
}

/** An option of untyped JavaScript input. */
function optionIn(options: unknown, option: string): unknown {
  return typeof options === 'object' && options !== null ? Reflect.get(options, option) : undefined;
}

function isBudget(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.entries(value);
  return (
    entries.length === 1 &&
    entries.every(
      ([key, amount]) => BUDGETS.includes(key) && typeof amount === 'number' && amount > 0 && amount < Infinity,
    )
  );
}
