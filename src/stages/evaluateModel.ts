import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {type LabelledBatch, type LabelledData, readLabelledBatches} from '../data/readLabelledBatches.ts';
import type {TaskRunner} from '../numerics/task.ts';
import {createReport} from '../report/report.ts';
import type {EvaluationReport} from '../report/reportRecords.ts';
import type {Compression} from './run/compression.ts';
import type {StageContext} from './run/stageContext.ts';

/**
 * Compares the compressed model with the original on evaluation data, into the report.
 * @throws DataError if the data is empty or does not fit the model
 */
export async function evaluateModel(
  compression: Compression,
  data: LabelledData,
  batchSize: number,
  context: StageContext,
): Promise<Compression> {
  const tally = new Tally();
  for await (const batch of readLabelledBatches(context.stage, data, compression.original, batchSize)) {
    try {
      await context.checkpoint();
      await tally.add(batch, compression, context);
    } finally {
      dispose(batch.targets ? [...batch.inputs, batch.targets] : batch.inputs);
    }
  }
  context.progress('', 1, 1);
  const {report} = compression;
  return {
    ...compression,
    report: createReport({...report.toJSON(), stages: [...report.stages, context.stage], evaluation: tally.report()}),
  };
}

/** Counts of answers, over batches. */
class Tally {
  private samples = 0;
  private labelled = 0;
  private rightBefore = 0;
  private rightAfter = 0;
  private agreed = 0;
  private difference = 0;
  private norm = 0;

  async add({inputs, targets}: LabelledBatch, {original, model}: Compression, runner: TaskRunner): Promise<void> {
    const before = await outputsOf(original, inputs);
    await runner.checkpoint();
    const after = model === original ? before : await outputsOf(model, inputs);
    this.addOutputs(before, after);
    const [samples] = before[0].shape;
    const answers = [before, after].map(([first]) => answersOf(first.values, samples));
    for (let i = 0; i < samples; i++) if (answers[0][i] === answers[1][i]) this.agreed++;
    this.samples += samples;
    if (!targets) return;
    const labels = await labelsOf(targets, samples);
    this.labelled += samples;
    labels.forEach((label, i) => {
      if (answers[0][i] === label) this.rightBefore++;
      if (answers[1][i] === label) this.rightAfter++;
    });
  }

  report(): EvaluationReport {
    return {
      samples: this.samples,
      accuracyBefore: this.labelled > 0 ? this.rightBefore / this.labelled : undefined,
      accuracyAfter: this.labelled > 0 ? this.rightAfter / this.labelled : undefined,
      agreement: this.agreed / this.samples,
      relativeError: this.norm > 0 ? Math.sqrt(this.difference / this.norm) : 0,
    };
  }

  private addOutputs(before: readonly Output[], after: readonly Output[]): void {
    before.forEach(({values}, k) => {
      values.forEach((value, i) => {
        this.difference += (value - after[k].values[i]) ** 2;
        this.norm += value ** 2;
      });
    });
  }
}

interface Output {
  readonly values: ArrayLike<number> & {forEach: Float32Array['forEach']};
  readonly shape: readonly number[];
}

async function outputsOf(model: LayersModel, inputs: Tensor[]): Promise<Output[]> {
  const outputs = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat();
  try {
    return await Promise.all(
      outputs.map(async (output) => ({values: await output.data<'float32'>(), shape: output.shape})),
    );
  } finally {
    dispose(outputs);
  }
}

async function labelsOf(targets: Tensor, samples: number): Promise<number[]> {
  const values = await targets.data<'float32'>();
  // Class numbers as they are; of a model with one output per sample they are 0 and 1.
  return values.length === samples ? Array.from(values, Math.round) : answersOf(values, samples);
}

/** The largest score of each sample; of a single score, whether it is above ½. */
function answersOf(values: ArrayLike<number>, samples: number): number[] {
  const size = values.length / samples;
  return Array.from({length: samples}, (_, i) => {
    if (size === 1) return values[i] > 0.5 ? 1 : 0;
    let best = 0;
    for (let k = 1; k < size; k++) if (values[i * size + k] > values[i * size + best]) best = k;
    return best;
  });
}
