import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import {type LabelledBatch, type LabelledData, readLabelledBatches} from '../data/readLabelledBatches.ts';
import {predictValues} from '../model/predictOutputs.ts';
import type {TaskRunner} from '../numerics/task.ts';
import {createReport} from '../report/report.ts';
import type {EvaluationReport} from '../report/reportRecords.ts';
import type {Compression} from './run/compression.ts';
import type {StageContext} from './run/stageContext.ts';

/**
 * The compression with a comparison of its model and the original on evaluation data in its report.
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

/** Sums over the batches. */
class Tally {
  private samples = 0;
  private labelled = 0;
  private rightBefore = 0;
  private rightAfter = 0;
  private agreed = 0;
  private difference = 0;
  private norm = 0;

  async add({inputs, targets}: LabelledBatch, {original, model}: Compression, runner: TaskRunner): Promise<void> {
    const before = await predictValues(original, inputs);
    await runner.checkpoint();
    const after = model === original ? before : await predictValues(model, inputs);
    this.addOutputs(before, after);
    const [samples] = inputs[0].shape;
    const [answersBefore, answersAfter] = [before, after].map(([first]) => answersOf(first, samples));
    this.agreed += countEqual(answersBefore, answersAfter);
    this.samples += samples;
    if (!targets) return;
    const labels = await labelsOf(targets, samples);
    this.labelled += samples;
    this.rightBefore += countEqual(answersBefore, labels);
    this.rightAfter += countEqual(answersAfter, labels);
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

  private addOutputs(before: readonly Float32Array[], after: readonly Float32Array[]): void {
    before.forEach((values, k) => {
      values.forEach((value, i) => {
        this.difference += (value - after[k][i]) ** 2;
        this.norm += value ** 2;
      });
    });
  }
}

async function labelsOf(targets: Tensor, samples: number): Promise<number[]> {
  const values = await targets.data<'float32'>();
  // One number per sample is its class; with a single output per sample the classes are 0 and 1.
  return values.length === samples ? Array.from(values, Math.round) : answersOf(values, samples);
}

/** The class of each sample: the index of its largest score, or whether its single score is above ½. */
function answersOf(values: ArrayLike<number>, samples: number): number[] {
  const size = values.length / samples;
  return Array.from({length: samples}, (_, i) => {
    if (size === 1) return values[i] > 0.5 ? 1 : 0;
    let best = 0;
    for (let k = 1; k < size; k++) if (values[i * size + k] > values[i * size + best]) best = k;
    return best;
  });
}

function countEqual(left: readonly number[], right: readonly number[]): number {
  return left.filter((value, i) => value === right[i]).length;
}
