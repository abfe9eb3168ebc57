import type {Report} from '../../../src/index.ts';
import {groupDigits} from '../numbers.ts';

/** What a reader should know before believing the figures. */
export function notesOf({layers, evaluation, packing}: Report): string[] {
  const few = layers.filter(({calibrationRows, shape}) => calibrationRows < shape[0]);
  const unheld = layers.filter(({heldOutRows}) => heldOutRows === 0);
  const failed = packing?.selfCheck?.layers.filter(({passed}) => !passed) ?? [];
  return [
    ...(layers.length === 0 ? ['No layer was compressed.'] : []),
    ...(failed.length > 0
      ? [`Self-check failed for ${listNames(failed)}: this device computes them wrongly from packed weights.`]
      : []),
    ...(few.length > 0
      ? [
          `${listNames(few)}: fewer calibration rows than features (${few
            .map(({calibrationRows, shape}) => `${groupDigits(calibrationRows)} for ${groupDigits(shape[0])}`)
            .slice(0, SHOWN)
            .join(', ')}). Calibrate on more samples.`,
        ]
      : []),
    ...(unheld.length > 0
      ? [`${listNames(unheld)}: too few samples to hold any out; errors are of calibrated rows and flatter.`]
      : []),
    ...(layers.length > 0 && !evaluation
      ? ['Accuracy was not measured: put evaluate({xs, ys}) after the last stage that changes weights.']
      : []),
    ...(layers.length > 0 && !packing
      ? ['Sizes are those once packed: pack() makes the model that small; before it, weights are float32.']
      : []),
  ];
}

const SHOWN = 5;

function listNames(layers: ReadonlyArray<{readonly name: string}>): string {
  const names = layers
    .slice(0, SHOWN)
    .map(({name}) => name)
    .join(', ');
  return layers.length > SHOWN ? `${names} and ${layers.length - SHOWN} more` : names;
}
