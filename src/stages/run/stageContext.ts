import type {TaskRunner} from '../../numerics/task.ts';

/** What a running stage is told by the pipeline around it, which also runs its tasks. */
export interface StageContext extends TaskRunner {
  /** The name of the stage, for messages and the report. */
  readonly stage: string;
  /** Says that layer `index` of `total` begins; `index === total` at the end. */
  readonly progress: (layer: string, index: number, total: number) => void;
  /** Milliseconds since the stage began. */
  readonly elapsed: () => number;
}
