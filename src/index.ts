/** Post-training quantization of TensorFlow.js models by stochastic path following, as RxJS operators. */

// sources
export {compress, type SourceOptions} from './sources/compress.ts';

export {fit, type FitOptions, type TrainingTensors} from './sources/fit.ts';
export {trainEnd, type TrainEnd} from './callbacks/trainEnd.ts';

// stages
export {calibrate, type CalibrateOptions, type CalibrationData} from './operators/calibrate.ts';
export {evaluate, type EvaluateOptions} from './operators/evaluate.ts';
export {progress} from './operators/progress.ts';
export {spfqQuantize} from './operators/spfqQuantize.ts';
export type {SpfqQuantizeOptions} from './operators/quantizeOptions.ts';
export type {LayerPredicate, LayerSelection} from './operators/layerSelection.ts';

export type {InputData} from './graph/batches.ts';
export type {DatasetLike, ElementIterator} from './graph/elements.ts';
export type {InputTensors} from './graph/inputTensors.ts';
export type {LabelledData, LabelledTensors} from './graph/labelledBatches.ts';

// what goes through a pipeline
export type {BatchSource, CompressedLayer, CompressedMatrix, Compression, ProgressEvent, ProgressObserver} from './types.ts';
export type {SkippedLayer} from './graph/sites.ts';
export type {BoundReport, EvaluationReport, LayerReport, Report, ReportData, SizeReport} from './report/report.ts';

// errors
export {BackendError, CompressError, DataError, ModelError, OptionError} from './errors.ts';
