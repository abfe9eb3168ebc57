import {basename} from 'node:path';
import {finalize, fromEvent, lastValueFrom, takeUntil} from 'rxjs';
import {compress, type Compression, dryRun, exportStock} from 'tfjs-compress';
import {fileHandler, terminalProgress} from 'tfjs-compress/plugins/node';
import {type EvaluationData, isClassifier, openEvaluation} from '../data/evaluationData.ts';
import {inputShapeOf} from '../data/inputShapeOf.ts';
import {openInputs} from '../data/openInputs.ts';
import type {DiskInputs} from '../data/readingOptions.ts';
import {type LoadedModel, loadModel, requireFloat} from '../files/loadModel.ts';
import {foldersOf} from '../files/modelFile.ts';
import {type Outputs, prepareOutputs, withWriteErrors} from '../files/outputs.ts';
import {pageWriter} from '../files/reportFile.ts';
import {copySideFiles} from '../files/sideFiles.ts';
import {importModules} from '../importModules.ts';
import {interruptible} from '../interruptible.ts';
import {noteInputs} from '../output/noteInputs.ts';
import {createOutput, type Output} from '../output/output.ts';
import {bytesOf, type Outcome, summaryLines} from '../output/summary.ts';
import {startBackend} from '../startBackend.ts';
import type {CompressOptions} from './compressOptions.ts';
import {dryRunCommand} from './dryRun.ts';
import {buildPipeline, choicesOf} from './pipeline.ts';

/** Compresses a model as the options say, and saves it. */
export async function compressCommand(source: string, options: CompressOptions): Promise<void> {
  const output = createOutput(options);
  await interruptible(async (signal) => {
    await startBackend(options.backend);
    await importModules(options.import);
    const loaded = await loadModel(source, options.allowOutside);
    requireFloat(loaded);
    await (options.dryRun ? dryRunCommand(loaded, options, output) : compressTo(loaded, options, output, signal));
  });
}

/** What is read, opened before the work begins. */
interface Data {
  readonly inputs: DiskInputs;
  readonly evaluation: EvaluationData | undefined;
}

async function compressTo(
  loaded: LoadedModel,
  options: CompressOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const begin = performance.now();
  const {out = '', report, force = false} = options;
  dryRun(loaded.model, choicesOf(options)); // what stages would refuse is refused before the work begins
  const outputs = prepareOutputs({out, report, force, inputs: foldersOf(loaded.file)});
  const writePage = report === undefined ? undefined : await pageWriter();
  const data = await openData(loaded, options, output);
  const compression = await runCompression(loaded, options, data, output, signal);
  const stock = await withWriteErrors(out, () => save(compression, options, outputs));
  const aside = await withWriteErrors(out, () => copySideFiles(loaded.file, outputs.folder));
  if (aside !== undefined) output.note(aside);
  const {page: path} = outputs;
  if (path !== undefined)
    await withWriteErrors(report ?? '', async () => writePage?.(compression, path, loaded.model.name));
  const {model, report: page} = await withWriteErrors(out, async () => outputs.publish());
  const seconds = (performance.now() - begin) / 1000;
  const outcome: Outcome = {
    report: compression.report,
    bytesBefore: loaded.bytes,
    model,
    page,
    seconds,
    isPacked: options.format === 'packed',
    isClassifier: isClassifier(loaded.model),
  };
  output.document(documentOf(loaded, data, outcome, options));
  output.print([
    '',
    ...summaryLines(outcome, output),
    ...(stock === undefined ? [] : ['', stock]),
    '',
    ...nextSteps(options),
  ]);
  if (options.verbose) output.print(['', String(compression.report)]);
}

async function openData({model}: LoadedModel, options: CompressOptions, output: Output): Promise<Data> {
  const {calibrate = '', evaluate, labels, samples = 4096, ...reading} = options;
  const inputs = await openInputs(calibrate, inputShapeOf(model), {...reading, samples});
  noteInputs('calibrates on', inputs, output);
  if (evaluate === undefined) return {inputs, evaluation: undefined};
  const evaluation = await openEvaluation(model, evaluate, labels, {...reading, samples: Infinity});
  noteInputs('evaluates on', evaluation.inputs, output);
  return {inputs, evaluation};
}

async function runCompression(
  {model}: LoadedModel,
  options: CompressOptions,
  data: Data,
  {isQuiet}: Output,
  signal: AbortSignal,
): Promise<Compression> {
  const shown = isQuiet ? undefined : terminalProgress();
  const pipeline = buildPipeline(compress(model, {seed: options.seed}), options, {...data, shown});
  return lastValueFrom(
    pipeline.pipe(
      takeUntil(fromEvent(signal, 'abort')),
      finalize(() => shown?.stop()),
    ),
  );
}

/** Saves the model where it waits for its place; of the stock format there is something to tell. */
async function save(
  compression: Compression,
  {format}: CompressOptions,
  {folder}: Outputs,
): Promise<string | undefined> {
  const handler = fileHandler(folder);
  if (format === 'stock') return String(await exportStock(compression, handler));
  await compression.model.save(handler);
  return undefined;
}

function documentOf(
  loaded: LoadedModel,
  {inputs, evaluation}: Data,
  {report, bytesBefore, model, page, seconds}: Outcome,
  {format}: CompressOptions,
): object {
  const described = ({description, count, skipped}: DiskInputs): object => ({description, samples: count, skipped});
  return {
    model: {source: loaded.file.name, name: loaded.model.name},
    calibration: described(inputs),
    ...(evaluation && {evaluation: described(evaluation.inputs)}),
    size: {before: bytesBefore, after: bytesOf(model)},
    outputs: {format, model, ...(page && {report: page})},
    seconds,
    report: report.toJSON(),
  };
}

function nextSteps({format, out = ''}: CompressOptions): string[] {
  const [load, from] = format === 'packed' ? ['loadPacked', 'tfjs-compress'] : ['loadLayersModel', '@tensorflow/tfjs'];
  return [
    'To use it:',
    `  import {${load}} from '${from}';`,
    "  import {fileHandler} from 'tfjs-compress/plugins/node';",
    `  const model = await ${load}(fileHandler('${out}'));`,
    `  // in a page: await ${load}('${basename(out)}/model.json')`,
  ];
}
