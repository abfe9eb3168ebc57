import type {TaskRunner} from '../../numerics/task.ts';

/** The pipeline around a running stage: it runs its tasks and receives its progress. */
export interface StageContext extends TaskRunner {
  /** The name of the stage, for messages and the report. */
  readonly stage: string;
  /** Reports that layer `index` of `total` begins; `index === total` at the end. */
  readonly progress: (layer: string, index: number, total: number) => void;
  /** Milliseconds since the stage began. */
  readonly elapsed: () => number;
}
