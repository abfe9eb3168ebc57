/**
 * Post-training quantization of TensorFlow.js models by stochastic path following, as RxJS operators.
 * @module tfjs-compress
 */

// Sources: Observables that begin a pipeline
export {compress, type SourceOptions} from './sources/compress.ts';
export {compressGraph} from './sources/compressGraph.ts';
export {fit, type TrainingTensors} from './sources/fit.ts';
export {fitDataset} from './sources/fitDataset.ts';
export type {FitOptions} from './sources/training.ts';
export type {TrainingDataset} from './sources/watchedDataset.ts';

// Operators: the stages of a pipeline
export {calibrate, type CalibrateOptions, type CalibrationData} from './operators/calibrate.ts';
export {foldBatchNorm} from './operators/foldBatchNorm.ts';
export {evaluate, type EvaluateOptions} from './operators/evaluate.ts';
export {progress} from './operators/progress.ts';
export {spfqPrune} from './operators/spfqPrune.ts';
export type {SpfqPruneOptions} from './operators/pruneOptions.ts';
export {spfqQuantize} from './operators/spfqQuantize.ts';
export type {SpfqQuantizeOptions} from './operators/quantizeOptions.ts';
export type {BudgetedQuantizeOptions} from './operators/quantizeBudget.ts';
export {spfqCompress, type SpfqCompressOptions} from './operators/spfqCompress.ts';
export {correct, type CorrectOptions} from './operators/correct.ts';
export {pack, type PackOptions} from './operators/pack.ts';
export type {PatternOption} from './operators/pruneRules.ts';
export type {LayerPredicate, LayerSelection} from './operators/layerSelection.ts';

// Operators: published methods to compare with
export {
  gpfqQuantize,
  type GpfqOptions,
  magnitudePrune,
  type MagnitudeOptions,
  optqQuantize,
  type OptqOptions,
  rtnQuantize,
  type RtnOptions,
  wandaPrune,
  type WandaOptions,
} from './operators/baselines.ts';

// Queries: they ask about a model and change nothing
export {dryRun, type DryRunOptions} from './queries/dryRun.ts';
export {selfCheck, type SelfCheckOptions} from './queries/selfCheck.ts';
export {letterHistograms, type LetterHistogramOptions} from './queries/letterHistograms.ts';

// Callbacks of `model.fit`
export {trainEnd, type TrainEnd} from './callbacks/trainEnd.ts';
export {epochEnd, type EpochEnd, type EpochEndOptions} from './callbacks/epochEnd.ts';
export type {CallbackOptions, CompressionCallback} from './callbacks/compressionCallback.ts';
export {maskGradients, type MaskGradients} from './callbacks/maskGradients.ts';
export {pruneSchedule, type PruneSchedule, type PruningStep} from './callbacks/pruneSchedule.ts';
export type {DecayOptions, PruneScheduleOptions} from './callbacks/pruneScheduleOptions.ts';

// Files: loading, saving, exporting
export {loadPacked, type LoadPackedOptions} from './files/loadPacked.ts';
export {saveModel} from './files/saveModel.ts';
export {exportGraph, toGraphModel} from './files/export/exportGraph.ts';
export {exportStock} from './files/export/exportStock.ts';
export type {StockLayer, StockReport} from './files/export/stockReport.ts';
export {sealModel} from './artifacts/sealModel.ts';
export {registerPacked} from './packed/registerPacked.ts';
export {registerGraph} from './converted/bridge/registerGraph.ts';

// Data that goes in
export type {BatchSource, InputData} from './data/batchSource.ts';
export type {DatasetLike, ElementIterator} from './data/elements.ts';
export type {InputTensors} from './data/inputTensors.ts';
export type {LabelledData, LabelledTensors} from './data/readLabelledBatches.ts';
export type {LayerInfo} from './calibration/targets.ts';
export type {Rounding} from './numerics/stochastic/index.ts';
export type {BitBudget} from './stages/quantize/bitBudget.ts';

// Records and reports that come out
export type {Compression, Origin} from './stages/run/compression.ts';
export type {ProgressEvent, ProgressObserver} from './progress.ts';
export type {
  CompressedLayer,
  PrunedLayer,
  PrunedMatrix,
  QuantizedLayer,
  QuantizedMatrix,
  SkippedLayer,
} from './records.ts';
export type {BoundReport, CandidateReport, CorrectionReport, LayerReport, PruningReport} from './report/layerReport.ts';
export type {EvaluationReport, Report, ReportData, SizeReport, StagedSkip} from './report/reportRecords.ts';
export type {DryRunData, DryRunLayer, DryRunReport} from './report/dryRunReport.ts';
export type {PackedLayerReport, PackingReport} from './report/packingReport.ts';
export type {LayerCheck, SelfCheckReport} from './report/selfCheckReport.ts';
export type {LetterHistogram} from './stages/measure/countLetters.ts';
export type {HistogramBin, LetterShare, WeightHistogram} from './stages/measure/weightHistogram.ts';

// Errors
export {ArtifactError, BackendError, CompressError, DataError, ModelError, OptionError} from './errors.ts';
export {SelfCheckError} from './stages/pack/selfCheckError.ts';
