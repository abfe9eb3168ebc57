import type {SkippedLayer} from '../records.ts';
import type {LayerReport} from './layerReport.ts';
import type {PackingReport} from './packingReport.ts';

/** A layer that a stage did not compress. */
export interface StagedSkip extends SkippedLayer {
  /** The stage that skipped it. */
  readonly stage: string;
}

/** What the stages did so far, and the outcome. */
export interface Report {
  /** The stages that ran, in order. */
  readonly stages: readonly string[];
  /** The compressed layers, in the order of the walk. */
  readonly layers: readonly LayerReport[];
  /** Layers with weights that a stage did not compress, each with the reason. */
  readonly skipped: readonly StagedSkip[];
  /** Sizes before and after. */
  readonly size: SizeReport;
  /** What the last {@link evaluate} measured; removed when a later stage changes the model. */
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

/** Quality of the compressed model on evaluation data. */
export interface EvaluationReport {
  /** The number of samples that were evaluated. */
  readonly samples: number;
  /** Top-1 accuracy of the original, if targets were given. */
  readonly accuracyBefore: number | undefined;
  /** Top-1 accuracy of the compressed model. */
  readonly accuracyAfter: number | undefined;
  /** The share of samples whose top-1 answer stayed the same. */
  readonly agreement: number;
  /** ‖y − ỹ‖ / ‖y‖ over all outputs. */
  readonly relativeError: number;
}
