import type {AllocationOption} from '../../numerics/allocation.ts';
import type {CompressedLayer} from '../../records.ts';
import type {SizeReport} from '../../report/reportRecords.ts';
import type {Compression} from '../run/compression.ts';
import type {LayerVisit} from '../run/layerVisit.ts';
import type {StageContext} from '../run/stageContext.ts';
import {visitLayers, type VisitOptions} from '../run/visitLayers.ts';
import {heldOutError} from './heldOutError.ts';
import {measureLayer, type ProblemOutcome} from './measureLayer.ts';
import {OutputProbe} from './outputProbe.ts';

/** A compression of a layer that was tried. */
export interface LayerTrial {
  /** Its share of the budget, in units of the budget. */
  readonly cost: number;
  readonly layer: CompressedLayer;
  readonly outcomes: readonly ProblemOutcome[];
}

/** The results of the trials of a layer. */
export interface LayerSensitivity {
  /** The name of the layer. */
  readonly name: string;
  /** The cost of each trial and its relative error on held-out rows. */
  readonly trials: ReadonlyArray<{readonly cost: number; readonly error: number}>;
  /**
   * κ: ‖y − ỹ‖² / ‖y‖² of the model's outputs divided by that of the layer's outputs, both with the probed trial in
   * this layer alone; 1 if that trial has no error.
   */
  readonly outputSensitivity: number;
}

/** κ_l e_l² for every layer and trial; e_l² where every κ is 0. */
export function weightedErrors(layers: readonly LayerSensitivity[]): AllocationOption[][] {
  const isSensitive = layers.some(({outputSensitivity}) => outputSensitivity > 0);
  return layers.map(({trials, outputSensitivity}) =>
    trials.map(({cost, error}) => ({cost, error: (isSensitive ? outputSensitivity : 1) * error ** 2})),
  );
}

/** The results of the trials of all layers. */
export interface Sensitivities {
  readonly layers: readonly LayerSensitivity[];
  /** Sizes with the last trial in every layer. */
  readonly size: SizeReport;
  /** The part of their bytes that the tried layers take. */
  readonly triedBytes: number;
}

/** What to try on each layer. */
export interface TrialOptions extends VisitOptions {
  /** The trials of a layer, in the same order for each. */
  readonly trialsOf: (visit: LayerVisit) => AsyncIterable<LayerTrial>;
  /** The index of the trial for which κ is measured: a coarse one, whose error is well above the noise. */
  readonly probed: number;
}

/**
 * Tries several ways to compress each layer, along a walk that rewrites nothing: every layer sees the inputs that it
 * has in the model as it is.
 * @throws DataError without calibration data, ModelError for a model that cannot be compressed
 */
export async function measureSensitivities(
  compression: Compression,
  options: TrialOptions,
  context: StageContext,
): Promise<Sensitivities> {
  const measured: LayerSensitivity[] = [];
  let probe: OutputProbe | undefined;
  try {
    const tried = await visitLayers(compression, options, context, async (visit) => {
      probe ??= await OutputProbe.open(compression, options);
      const {sensitivity, last} = await tryLayer(visit, options, probe, context);
      measured.push(sensitivity);
      return {
        layer: last.layer,
        report: await measureLayer(last.layer, last.outcomes, {before: visit.reportBefore, milliseconds: 0}, context),
      };
    });
    tried.dispose();
    const {size, layers} = tried.report;
    const triedBytes = layers
      .filter(({name}) => measured.some((layer) => layer.name === name))
      .reduce((sum, {bytes}) => sum + bytes, 0);
    return {layers: measured, size, triedBytes};
  } finally {
    probe?.dispose();
  }
}

async function tryLayer(
  visit: LayerVisit,
  {trialsOf, probed}: TrialOptions,
  probe: OutputProbe,
  runner: StageContext,
): Promise<{sensitivity: LayerSensitivity; last: LayerTrial}> {
  const trials: Array<{cost: number; error: number}> = [];
  let outputSensitivity = 1;
  let last: LayerTrial | undefined;
  for await (const trial of trialsOf(visit)) {
    const error = await runner.run(heldOutError(trial.outcomes));
    if (trials.length === probed && error > 0)
      outputSensitivity = (await differenceWith(trial, visit, probe)) / error ** 2;
    trials.push({cost: trial.cost, error});
    last = trial;
  }
  if (!last) throw new RangeError('measureSensitivities: expected at least one trial');
  return {sensitivity: {name: visit.target.name, trials, outputSensitivity}, last};
}

function differenceWith({outcomes}: LayerTrial, {target}: LayerVisit, probe: OutputProbe): Promise<number> {
  return probe.difference(target.number, {
    values: outcomes.map(({values}) => values),
    shifts: outcomes.map(({shift}) => shift),
  });
}

/** The context of one of two passes over the same layers: each pass is half of the stage. */
export function passContext(pass: 0 | 1, context: StageContext): StageContext {
  return {
    ...context,
    progress: (layer, index, total) => {
      if (pass === 1 || index < total) context.progress(layer, pass * total + index, 2 * total);
    },
  };
}
