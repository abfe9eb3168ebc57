import {ModelError} from '../../errors.ts';
import {allocate} from '../../numerics/allocation.ts';
import type {Bits} from '../../numerics/stochastic/alphabet.ts';
import {requirePathKernel} from '../../ops/followPath.ts';
import {percentText} from '../../report/numberText.ts';
import {packedLayer} from '../../report/sizes.ts';
import type {QuantizeMethod} from '../../solver/quantizeMethod.ts';
import {heldOutError} from '../measure/heldOutError.ts';
import {
  type LayerSensitivity,
  type LayerTrial,
  measureSensitivities,
  passContext,
  type Sensitivities,
  weightedErrors,
} from '../measure/sensitivity.ts';
import type {Compression} from '../run/compression.ts';
import type {LayerVisit} from '../run/layerVisit.ts';
import type {StageContext} from '../run/stageContext.ts';
import {type LayerResult, visitLayers} from '../run/visitLayers.ts';
import {createQuantizedResult, quantizeLayer} from './quantizeLayer.ts';
import type {QuantizeModelOptions} from './quantizeModel.ts';

/**
 * The budget that the quantized model must meet: `bitsPerWeight` or `bytesAfter` of the size report, or a limit of the
 * `relativeError` of every layer.
 */
export type BitBudget =
  | {
      /** Packed bits per weight of the compressed layers, scales and masks included. */
      readonly bitsPerWeight: number;
    }
  | {
      /** Bytes of the whole model: compressed layers packed, the rest float32. */
      readonly bytes: number;
    }
  | {
      /** ‖XW − X̃Q‖ / ‖XW‖ on held-out rows, of every layer. */
      readonly maxRelativeError: number;
    };

/** A width that a layer may get. The options of two widths differ only in what follows from `bits`. */
export interface LetterWidth {
  readonly bits: Bits;
  readonly options: QuantizeModelOptions;
}

/**
 * Quantizes every layer at the width that a budget allows.
 *
 * A budget of bits or bytes is distributed so that Σ κ_l e_l² is smallest: e_l is the relative error of layer l alone,
 * measured at every width by a quick method, κ_l the output sensitivity ({@link measureSensitivities},
 * {@link allocate}). With a limit of the error each layer gets the fewest bits that meet it.
 * @param widths from the fewest bits
 * @throws ModelError if no widths meet the budget, naming the smallest one that can be met; else as quantizeModel does
 */
export async function quantizeToBudget(
  compression: Compression,
  widths: readonly LetterWidth[],
  budget: BitBudget,
  context: StageContext,
): Promise<Compression> {
  const [
    {
      options: {method, walk},
    },
  ] = widths;
  if (method.strictKernels) requirePathKernel();
  if ('maxRelativeError' in budget) {
    return visitLayers(compression, walk, context, (visit) =>
      quantizeNarrowest(visit, widths, budget.maxRelativeError, context),
    );
  }
  const measured = await measureSensitivities(
    compression,
    {...walk, trialsOf: (visit) => tryWidths(visit, widths, context), probed: coarseWidth(widths)},
    passContext(0, context),
  );
  const choice = chooseWidths(measured, budget, context.stage);
  return visitLayers(compression, walk, passContext(1, context), async (visit) => {
    const layer = measured.layers.findIndex(({name}) => name === visit.target.name);
    const letters = await quantizeLayer(visit, widths[choice[layer]].options.method, context);
    return createQuantizedResult(visit, letters, choiceText(measured.layers[layer], choice[layer], widths), context);
  });
}

async function quantizeNarrowest(
  visit: LayerVisit,
  widths: readonly LetterWidth[],
  limit: number,
  context: StageContext,
): Promise<LayerResult> {
  const tried: string[] = [];
  for (const {bits, options} of widths) {
    const letters = await quantizeLayer(visit, options.method, context);
    const error = await context.run(heldOutError(letters.outcomes));
    tried.push(`${percentText(error)} at ${widthText(bits)}`);
    const choice = `${widthText(bits)}, the fewest with an error up to ${percentText(limit)}: ${tried.join(', ')}`;
    if (error <= limit) return createQuantizedResult(visit, letters, choice, context);
  }
  throw new ModelError(
    `${context.stage}: layer '${visit.target.name}': expected a relative error up to ${limit}, ` +
      `reached ${tried.at(-1) ?? ''}; ` +
      'allow a larger `maxRelativeError`, or leave the layer out by `exclude`',
  );
}

/** Tries every width by a quick method: one path at the mean-square scale, one refit, one sweep. */
async function* tryWidths(
  visit: LayerVisit,
  widths: readonly LetterWidth[],
  context: StageContext,
): AsyncIterable<LayerTrial> {
  for (const {
    options: {method},
  } of widths) {
    const quick: QuantizeMethod = {
      ...method,
      alignment: {method: 'none'},
      feedback: {kind: 'path'},
      scalings: [1],
      search: {scale: 'mse', rounding: 'nearest', samples: 1},
      refinement: {...method.refinement, rounds: 1, sweeps: Math.min(1, method.refinement.sweeps), pairs: 0},
    };
    const {layer, outcomes} = await quantizeLayer(visit, quick, context);
    const values = outcomes.map((outcome) => outcome.values);
    yield {cost: packedLayer(layer, values).byteLength, layer, outcomes};
  }
}

/** The index of the width at which κ is measured: 2 bits if they are among the widths, else the fewest. */
function coarseWidth(widths: readonly LetterWidth[]): number {
  const twoBits = widths.findIndex(({bits}) => bits === 2);
  return Math.max(0, twoBits);
}

/** For every layer the index of its width. */
function chooseWidths(
  {layers, size, triedBytes}: Sensitivities,
  budget: Exclude<BitBudget, {maxRelativeError: number}>,
  stage: string,
): number[] {
  // `others` are the bytes that are not chosen here: of layers that are not quantized, and of all other parameters.
  const [wanted, bytesPerUnit, others] =
    'bytes' in budget
      ? [budget.bytes, 1, size.bytesAfter - triedBytes]
      : [
          budget.bitsPerWeight,
          size.compressedWeights / 8,
          (size.bitsPerWeight * size.compressedWeights) / 8 - triedBytes,
        ];
  const chosen = allocate(weightedErrors(layers), Math.floor(wanted * bytesPerUnit - others + 1e-6));
  if (chosen) return chosen;
  const leastCost = layers.reduce((sum, {trials}) => sum + Math.min(...trials.map(({cost}) => cost)), 0);
  const least = (others + leastCost) / bytesPerUnit;
  const [reachable, unit] =
    'bytes' in budget
      ? [Math.ceil(least), 'bytes']
      : [Math.ceil(1000 * least - 1e-6) / 1000, 'bits per weight, scales included'];
  throw new ModelError(
    `${stage}: expected a budget of at least ${reachable} ${unit}, ` +
      `which the smallest letters of every layer take, got ${wanted}`,
  );
}

function choiceText(
  {trials, outputSensitivity}: LayerSensitivity,
  chosen: number,
  widths: readonly LetterWidth[],
): string {
  const at = (width: number) => `${percentText(trials[width].error)} at ${widthText(widths[width].bits)}`;
  const neighbours = [chosen - 1, chosen + 1].filter((width) => width >= 0 && width < widths.length);
  const errors = [chosen, ...neighbours].map(at).join(', ');
  return (
    `${widthText(widths[chosen].bits)} by sensitivity: alone, error about ${errors}; ` +
    `output sensitivity ${outputSensitivity.toPrecision(2)}`
  );
}

function widthText(bits: Bits): string {
  if (bits === 'ternary') return 'ternary';
  return bits === 1 ? '1 bit' : `${bits} bits`;
}
