import type {SkippedLayer} from '../graph/sites.ts';
import type {Granularity} from '../numerics/scales.ts';
import {reportTable} from './reportTable.ts';

/** What a stage says of one layer. */
export interface LayerReport {
  readonly name: string;
  readonly className: string;
  /** `[features, neurons]` of its weight matrix, and how many such matrices it has. */
  readonly shape: readonly [number, number];
  readonly problems: number;
  /** Letters of the alphabet, and log₂ of their number. */
  readonly levels: number;
  readonly effectiveBits: number;
  readonly granularity: Granularity;
  /** ‖XW − X̃Q‖ / ‖XW‖, a bias shift included, on held-back rows. */
  readonly relativeError: number;
  /** How many rows were held back; 0 means that the error is of calibrated rows, because there were too few to spare any. */
  readonly heldBackRows: number;
  /** Rows that the statistics saw; fewer than features leave the gram singular. */
  readonly calibrationRows: number;
  readonly bound: BoundReport;
  /** Share of the path's steps beyond the alphabet's range. */
  readonly clippedShare: number;
  /** Features whose column of X̃ is constant (zero, where the bias cannot move). */
  readonly deadFeatures: number;
  /** ‖XW − X̃W̃‖ / ‖XW‖ on held-back rows: what alignment left. */
  readonly alignmentError: number;
  /** Which implementation followed the paths: `'reference'`, or a backend's kernel. */
  readonly kernel: string;
  readonly milliseconds: number;
  /** Packed bytes of its codes and scales, and the same gzipped. */
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** The bound of the theory beside what was measured, both for the path before refinement. */
export interface BoundReport {
  /** 2σ√log(√2 m/p) with p = 0.01. */
  readonly limit: number;
  /** max |X̃(w̃ − q)| over the rows and neurons that were looked at. */
  readonly measured: number;
  /** Whether the theorem speaks of this path: rounding was stochastic, feedback `'path'`, and no step was clipped. */
  readonly applies: boolean;
}

/** Sizes before and after. */
export interface SizeReport {
  /** Weights in compressed layers, and all parameters of the model. */
  readonly compressedWeights: number;
  readonly parameters: number;
  /** Packed bits per compressed weight, scales included. */
  readonly bitsPerWeight: number;
  /** Bytes of all parameters: float32, packed, and packed then gzipped. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly gzipBytesAfter: number;
}

/** Quality on evaluation data. */
export interface EvaluationReport {
  readonly samples: number;
  /** Top-1 accuracy before and after, where targets were given. */
  readonly accuracyBefore: number | undefined;
  readonly accuracyAfter: number | undefined;
  /** Share of samples with the same top-1 answer before and after. */
  readonly agreement: number;
  /** ‖y − ỹ‖ / ‖y‖ over all outputs. */
  readonly relativeError: number;
}

/** What the stages so far did, and what came of it. */
export interface Report {
  /** The stages that ran, in order. */
  readonly stages: readonly string[];
  readonly layers: readonly LayerReport[];
  /** Layers with weights that stayed as they were, each with the reason. */
  readonly skipped: readonly SkippedLayer[];
  readonly size: SizeReport;
  readonly evaluation: EvaluationReport | undefined;
  readonly milliseconds: number;
  /** Plain data for JSON.stringify. */
  toJSON(): ReportData;
  /** The report as a plain-text table. */
  toString(): string;
}

/** A report without its methods. */
export type ReportData = Omit<Report, 'toJSON' | 'toString'>;

/** A report from its data. */
export function reportOf(data: ReportData): Report {
  return {...data, toJSON: () => data, toString: () => reportTable(data)};
}

/** The report of a model to which nothing was done. */
export function emptyReport(parameters: number): Report {
  const bytes = 4 * parameters;
  return reportOf({
    stages: [],
    layers: [],
    skipped: [],
    size: {compressedWeights: 0, parameters, bitsPerWeight: 32, bytesBefore: bytes, bytesAfter: bytes, gzipBytesAfter: bytes},
    evaluation: undefined,
    milliseconds: 0,
  });
}
