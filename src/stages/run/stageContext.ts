/** What a running stage is told by the pipeline around it. */
export interface StageContext {
  /** The name of the stage, for messages and the report. */
  readonly stage: string;
  /** Lets the host breathe where that is due: await it between any two pieces of work, however small. Rejects if the run was cancelled. */
  readonly pause: () => Promise<void>;
  /** Says that layer `index` of `total` begins; `index === total` at the end. */
  readonly progress: (layer: string, index: number, total: number) => void;
  /** Milliseconds since the stage began. */
  readonly elapsed: () => number;
}
