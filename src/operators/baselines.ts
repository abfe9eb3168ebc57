import type {OperatorFunction} from 'rxjs';
import {OptionError} from '../errors.ts';
import {requireObject} from '../options.ts';
import {quantizeModel} from '../stages/quantize/quantizeModel.ts';
import type {Compression} from '../stages/run/compression.ts';
import type {SpfqPruneOptions} from './pruneOptions.ts';
import {completePlan, quantizePlan, type SpfqQuantizeOptions} from './quantizeOptions.ts';
import {pruneStage} from './spfqPrune.ts';
import {stage} from './stage.ts';

/** Nothing is learned from data: no alignment, no feedback. */
const RTN = {
  alignment: 'none',
  feedback: 'none',
  rounding: 'nearest',
  scale: 'mse',
  sweeps: 0,
  bias: false,
} as const satisfies SpfqQuantizeOptions;
const GPFQ = {
  alignment: 'order',
  order: 1,
  feedback: 'path',
  scaling: 1,
  rounding: 'nearest',
  scale: 'mse',
  sweeps: 0,
  bias: false,
} as const satisfies SpfqQuantizeOptions;
const OPTQ = {
  alignment: 'none',
  feedback: 'optimal',
  rounding: 'nearest',
  scale: 'mse',
  sweeps: 0,
  bias: false,
} as const satisfies SpfqQuantizeOptions;
const MAGNITUDE = {mask: 'magnitude', iterations: 0, bias: false} as const satisfies SpfqPruneOptions;
const WANDA = {mask: 'wanda', iterations: 0, bias: false} as const satisfies SpfqPruneOptions;

/** Options of {@link rtnQuantize}: those of `spfqQuantize` that it leaves open. */
export type RtnOptions = Omit<SpfqQuantizeOptions, 'alignment' | 'feedback' | 'rounding' | 'scale' | 'sweeps' | 'bias'>;
/** Options of {@link gpfqQuantize}: those of `spfqQuantize` that it leaves open. */
export type GpfqOptions = Omit<
  SpfqQuantizeOptions,
  'alignment' | 'order' | 'feedback' | 'scaling' | 'rounding' | 'scale' | 'sweeps' | 'bias'
>;
/** Options of {@link optqQuantize}: those of `spfqQuantize` that it leaves open. */
export type OptqOptions = Omit<
  SpfqQuantizeOptions,
  'alignment' | 'feedback' | 'rounding' | 'scale' | 'sweeps' | 'bias'
>;
/** Options of {@link magnitudePrune}: those of `spfqPrune` that it leaves open. */
export type MagnitudeOptions = Omit<SpfqPruneOptions, 'mask' | 'iterations' | 'bias'>;
/** Options of {@link wandaPrune}: those of `spfqPrune` that it leaves open. */
export type WandaOptions = Omit<SpfqPruneOptions, 'mask' | 'iterations' | 'bias'>;

/**
 * Round to nearest, the baseline of every comparison: each weight becomes the nearest letter, at the scale of least
 * mean-square error.
 * @throws OptionError at once, for an option that is unknown, out of range, or fixed by the method
 */
export function rtnQuantize(options: RtnOptions = {}): OperatorFunction<Compression, Compression> {
  return quantizeStage('rtnQuantize', RTN, options);
}

/**
 * GPFQ (Lybrand & Saab 2021): q_t = the letter nearest to w_t + ⟨X̃_t, u_{t−1}⟩/‖X̃_t‖², with no refinement after it.
 * @throws OptionError at once, for an option that is unknown, out of range, or fixed by the method
 */
export function gpfqQuantize(options: GpfqOptions = {}): OperatorFunction<Compression, Compression> {
  return quantizeStage('gpfqQuantize', GPFQ, options);
}

/**
 * OPTQ, also GPTQ (Frantar et al. 2023), in natural order: nearest letters with feedback from the Cholesky factor of H
 * + λI.
 * @throws OptionError at once, for an option that is unknown, out of range, or fixed by the method
 */
export function optqQuantize(options: OptqOptions = {}): OperatorFunction<Compression, Compression> {
  return quantizeStage('optqQuantize', OPTQ, options);
}

/**
 * Magnitude pruning: the smallest |w| of each layer become 0, the others do not change.
 * @throws OptionError at once, for an option that is unknown, out of range, or fixed by the method
 */
export function magnitudePrune(options: MagnitudeOptions = {}): OperatorFunction<Compression, Compression> {
  requireFree('magnitudePrune', MAGNITUDE, options);
  return pruneStage('magnitudePrune', {...MAGNITUDE, ...options});
}

/**
 * Wanda (Sun et al. 2024): within each neuron the smallest |w_t|·‖X_t‖ become 0, the others do not change.
 * @throws OptionError at once, for an option that is unknown, out of range, or fixed by the method
 */
export function wandaPrune(options: WandaOptions = {}): OperatorFunction<Compression, Compression> {
  requireFree('wandaPrune', WANDA, options);
  return pruneStage('wandaPrune', {...WANDA, ...options});
}

function quantizeStage(
  name: string,
  preset: SpfqQuantizeOptions,
  options: SpfqQuantizeOptions,
): OperatorFunction<Compression, Compression> {
  requireFree(name, preset, options);
  const plan = quantizePlan(name, {...preset, ...options});
  return stage(name, (compression, context) =>
    quantizeModel(compression, completePlan(plan, compression.seed), context),
  );
}

function requireFree(where: string, preset: object, options: object): void {
  requireObject(where, options);
  const fixed = Object.keys(options).find((key) => key in preset);
  if (fixed !== undefined)
    throw new OptionError(
      where,
      fixed,
      `absent: the method uses ${String(Reflect.get(preset, fixed))}`,
      Reflect.get(options, fixed),
    );
}
