import type {Granularity} from '../numerics/scales/scales.ts';
import type {SkippedLayer} from '../records.ts';
import type {SelfCheckReport} from './selfCheckReport.ts';

/** What the stages say of one layer. */
export interface LayerReport {
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type, as in `Dense`. */
  readonly className: string;
  /** `[features, neurons]` of its weight matrix. */
  readonly shape: readonly [number, number];
  /** How many such matrices it has: one, one per channel, or one for so many rows of an embedding. */
  readonly matrixCount: number;
  /** Weights in all of them; fewer than their shapes have places where the last of an embedding is not full. */
  readonly weights: number;
  /** Letters of the alphabet; 2³² of a layer that was only pruned, whose kept weights are float32. */
  readonly levels: number;
  /** log₂ of their number. */
  readonly effectiveBits: number;
  /** Why it has so many, where the library chose. */
  readonly choice: string | undefined;
  /** Which weights share a scale; nothing where only pruned. */
  readonly granularity: Granularity | undefined;
  /** Whether letters have an offset beside their scale. */
  readonly offset: boolean;
  /** Share of its weights that are pruned. */
  readonly sparsity: number;
  /** How they were chosen, where they were chosen apart from letters. */
  readonly pruning: PruningReport | undefined;
  /** ‖XW − X̃Q‖ / ‖XW‖, a bias shift included, on held-out rows. */
  readonly relativeError: number;
  /** How many rows were held out; 0 means that the error is of calibrated rows, because there were too few to spare any. */
  readonly heldOutRows: number;
  /** Rows that the statistics saw; fewer than features leave the gram singular. */
  readonly calibrationRows: number;
  /** The bound of the theory, and what was measured; nothing where no path was followed. */
  readonly bound: BoundReport | undefined;
  /** Share of the path's steps beyond the alphabet's range. */
  readonly clippedShare: number;
  /** Features whose column of X̃ is constant (zero, where the bias cannot move); of an embedding rows that nobody looked up. */
  readonly deadFeatures: number;
  /** ‖XW − X̃W̃‖ / ‖XW‖ on held-out rows: what alignment left; nothing where nothing was aligned. */
  readonly alignmentError: number | undefined;
  /** λ / mean diag H of optimal feedback, after escalation. */
  readonly damping: number | undefined;
  /** What `correct` did last. */
  readonly correction: CorrectionReport | undefined;
  /** Which implementation followed the paths: `'reference'`, or a backend's kernel; `'none'` where no path was followed. */
  readonly kernel: string;
  /** Time that the layer took in all stages, without the walk to it. */
  readonly milliseconds: number;
  /** Packed bytes of its codes, scales and mask. */
  readonly bytes: number;
  /** The same gzipped. */
  readonly gzipBytes: number;
}

/** How a mask was chosen. */
export interface PruningReport {
  /** Where zeros may lie: `'unstructured'`, or as `'2:4'`. */
  readonly pattern: string;
  /** The mask that won. */
  readonly mask: string;
  /** Those that competed. */
  readonly candidates: readonly CandidateReport[];
}

/** A mask that competed. */
export interface CandidateReport {
  /** How it was found. */
  readonly mask: string;
  /** ‖XW − X̃V‖ / ‖XW‖ on held-out rows, a bias shift included. */
  readonly relativeError: number;
  /** The same behind the layer's bias and activation. */
  readonly outputError: number;
}

/** What a correction did to a layer. */
export interface CorrectionReport {
  /** The relative error before, on held-out rows. */
  readonly before: number;
  /** The error that it would have had after; the correction was kept if that is smaller. */
  readonly after: number;
  /** Whether it was kept. */
  readonly kept: boolean;
}

/** The bound of the theory beside what was measured, both for the path before refinement. */
export interface BoundReport {
  /** 2σ√log(√2 m/p) with p = 0.01. */
  readonly limit: number;
  /** max |X̃(w̃ − q)| over the rows and neurons that were looked at. */
  readonly measured: number;
  /** Whether the theorem speaks of this path: T was random, feedback `'path'`, one path was followed, and no step was clipped. */
  readonly applies: boolean;
}

/** Sizes before and after. */
export interface SizeReport {
  /** Weights in compressed layers. */
  readonly compressedWeights: number;
  /** All parameters of the model. */
  readonly parameters: number;
  /** Packed bits per compressed weight, scales included. */
  readonly bitsPerWeight: number;
  /** Bytes of all parameters as float32. */
  readonly bytesBefore: number;
  /** Bytes with compressed layers packed, the rest as float32. */
  readonly bytesAfter: number;
  /** The same with packed layers gzipped. */
  readonly gzipBytesAfter: number;
}

/** Quality on evaluation data. */
export interface EvaluationReport {
  /** How many samples were evaluated. */
  readonly samples: number;
  /** Top-1 accuracy of the original, where targets were given. */
  readonly accuracyBefore: number | undefined;
  /** Top-1 accuracy of the compressed model. */
  readonly accuracyAfter: number | undefined;
  /** Share of samples with the same top-1 answer before and after. */
  readonly agreement: number;
  /** ‖y − ỹ‖ / ‖y‖ over all outputs. */
  readonly relativeError: number;
}

/** What {@link pack} made, on the backend that was active. */
export interface PackingReport {
  /** The backend that the routes are those of. */
  readonly backend: string;
  /** The packed layers. */
  readonly layers: readonly PackedLayerReport[];
  /** How they compare with their float32 counterparts, where that was asked. */
  readonly selfCheck: Pick<SelfCheckReport, 'backend' | 'tolerance' | 'layers'> | undefined;
}

/** How a packed layer is computed. */
export interface PackedLayerReport {
  /** The name of the layer in its model. */
  readonly name: string;
  /** By a kernel that reads packed weights, or decoded to float32; undefined where the backend can do neither, as it lacks its plugin. */
  readonly route: 'packed' | 'decoded' | undefined;
  /** Bytes of what it computes with, its bias included: as stored, or 4 for every weight where it is decoded. */
  readonly bytes: number;
}

/** A layer that a stage left as it was. */
export interface StagedSkip extends SkippedLayer {
  /** The stage. */
  readonly stage: string;
}

/** What the stages so far did, and what came of it. */
export interface Report {
  /** The stages that ran, in order. */
  readonly stages: readonly string[];
  /** The compressed layers, in the order of the walk. */
  readonly layers: readonly LayerReport[];
  /** Layers with weights that a stage left as they were, each with the reason. */
  readonly skipped: readonly StagedSkip[];
  /** Sizes before and after. */
  readonly size: SizeReport;
  /** What the last {@link evaluate} measured; gone when a later stage changes the model. */
  readonly evaluation: EvaluationReport | undefined;
  /** What {@link pack} made; absent before it. */
  readonly packing?: PackingReport;
  /** Time of all stages together. */
  readonly milliseconds: number;
  /** Plain data for JSON.stringify. */
  toJSON(): ReportData;
  /** The report as a plain-text table. */
  toString(): string;
}

/** A report without its methods. */
export type ReportData = Omit<Report, 'toJSON' | 'toString'>;
