import {lastValueFrom, map} from 'rxjs';
import {compress, evaluate, type EvaluationReport} from 'tfjs-compress';
import {accuracyOf} from '../data/accuracy.ts';
import {type EvaluationData, isClassifier, openEvaluation} from '../data/evaluationData.ts';
import {UsageError} from '../failure.ts';
import {type LoadedModel, loadModel, requireFloat} from '../files/loadModel.ts';
import {importModules} from '../importModules.ts';
import {noteInputs} from '../output/noteInputs.ts';
import {bytesText, countText, percentText} from '../output/numbers.ts';
import {createOutput, wrapText} from '../output/output.ts';
import {qualityText} from '../output/summary.ts';
import {startBackend} from '../startBackend.ts';
import type {EvaluateOptions} from './evaluateOptions.ts';

/** What came of an evaluation. */
interface Quality {
  readonly samples: number;
  readonly accuracy: number | undefined;
  /** Beside another model. */
  readonly against?: EvaluationReport;
}

/** Measures a model on data, alone or beside another. */
export async function evaluateCommand(source: string, options: EvaluateOptions): Promise<void> {
  const output = createOutput(options);
  await startBackend(options.backend);
  await importModules(options.import);
  const loaded = await loadModel(source, options.allowOutside);
  const {data: path, labels, against, samples = Infinity, ...reading} = options;
  const data = await openEvaluation(loaded.model, path, labels, {...reading, samples});
  if (!data.isLabelled && against === undefined) {
    throw new UsageError(
      'evaluate: expected --labels <file>, a folder with a sub-folder for each class, or --against <model>: ' +
        'without them there is nothing to measure',
    );
  }
  noteInputs('evaluates on', data.inputs, output);
  const quality =
    against === undefined
      ? await accuracyOf(loaded.model, data)
      : await compareWith(loaded, against, data, options.allowOutside);
  const {description, skipped} = data.inputs;
  output.document({model: loaded.file.name, bytes: loaded.bytes, data: {description, skipped}, ...quality});
  output.print(
    wrapText(
      `${loaded.file.name} (${bytesText(loaded.bytes)}): ${qualityLine(quality, isClassifier(loaded.model))}`,
      output.width,
      2,
    ),
  );
}

/** With the other model in the place of the original. */
async function compareWith(
  {model}: LoadedModel,
  against: string,
  data: EvaluationData,
  allowOutside?: boolean,
): Promise<Quality> {
  const other = await loadModel(against, allowOutside);
  requireFloat(other, '--against: ');
  const pipeline = compress(other.model).pipe(
    map((compression) => ({...compression, model})),
    evaluate(() => data.read()),
  );
  const {
    report: {evaluation},
  } = await lastValueFrom(pipeline);
  if (evaluation === undefined) throw new Error('evaluate: expected an evaluation in the report, found none');
  return {samples: evaluation.samples, accuracy: evaluation.accuracyAfter, against: evaluation};
}

function qualityLine({samples, accuracy = NaN, against}: Quality, hasAnswers: boolean): string {
  return against
    ? qualityText(against, hasAnswers)
    : `accuracy ${percentText(accuracy)} on ${countText(samples)} samples`;
}
