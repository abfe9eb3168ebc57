import type {LayersModel} from '@tensorflow/tfjs-layers';
import {checkBatch} from '../data/checkBatch.ts';
import {type DatasetLike, disposeElement, elementInputs, type ElementIterator} from '../data/elements.ts';
import {inputsOf} from '../data/inputTensors.ts';
import type {TrainingRun} from './trainingRun.ts';

/** A data set on which `model.fitDataset` trains: its elements are `{xs, ys}`. */
export interface TrainingDataset extends DatasetLike {
  /** The number of elements, if it is known. */
  readonly size?: number | null;
}

/** What a {@link WatchedDataset} checks and reports to while a training reads. */
export interface Watch {
  readonly where: string;
  readonly model: LayersModel;
  readonly run: TrainingRun;
  /** Elements of an epoch; Infinity if it takes all of them. */
  readonly batchesPerEpoch: number;
}

/**
 * A data set as a training reads it: counts the rows of an epoch, ends the training where reading fails, and yields no
 * more elements once training is to end.
 */
export class WatchedDataset {
  /** The number of elements for tfjs; NaN if it is unknown. */
  readonly size: number;
  /** Rows of an epoch; the largest number, if epochs differ. */
  rows = 0;
  private current: unknown;

  constructor(
    private readonly dataset: TrainingDataset,
    private readonly watch: Watch,
  ) {
    this.size = dataset.size ?? NaN;
  }

  /** Opens one reading, but only when its first element is read: tfjs opens one that it does not read. */
  iterator(): Promise<ElementIterator> {
    let opened: ElementIterator | undefined;
    const reading = {elements: 0, rows: 0};
    const next = async () => {
      opened ??= await this.dataset.iterator();
      const result = await opened.next();
      if (!result.done) this.count(result.value, reading);
      return result;
    };
    return Promise.resolve({next: () => this.unlessStopped(next)});
  }

  /** Frees the element that a failed training was about to use. */
  dispose(): void {
    disposeElement(this.current);
  }

  private async unlessStopped(next: ElementIterator['next']): Promise<IteratorResult<unknown, unknown>> {
    const {run} = this.watch;
    try {
      if (!run.isStopped) {
        const result = await next();
        if (!run.isStopped) return result;
      }
    } catch (error) {
      run.fail(error);
    }
    this.dispose();
    // Not `done`: tfjs would then run validation. It checks `stopTraining` next.
    return {done: false, value: undefined};
  }

  private count(element: unknown, reading: {elements: number; rows: number}): void {
    this.current = element;
    const {where, model, batchesPerEpoch} = this.watch;
    const location = `${where}: batch ${reading.elements}`;
    const inputs = inputsOf(location, elementInputs(location, element, 'labelled'), model);
    checkBatch(location, inputs, model);
    if (reading.elements++ >= batchesPerEpoch) return;
    reading.rows += inputs[0].shape[0];
    this.rows = Math.max(this.rows, reading.rows);
  }
}
