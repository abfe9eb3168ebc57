import {from, type Observable, switchMap} from 'rxjs';
import type {Compression, ProgressEvent, ProgressObserver} from 'tfjs-compress';
import type {Recipe} from './engine/index.ts';
import {runJob, type Show} from './job.ts';
import {element, kilobytes, percent, write} from './page.ts';
import {adapted, classifier, imagesToAdaptTo, result, session, shift, shifted} from './session.ts';
import {shifts} from './shifts.ts';

const widths = [1, 'ternary', 2, 3, 4, 8] as const;

const stageTitles: Readonly<Record<string, string>> = {
  spfqPrune: 'Pruning',
  spfqQuantize: 'Quantizing',
  correct: 'Correcting',
  evaluate: 'Evaluating',
  pack: 'Packing',
};

/** The second section: two sliders, and the pipeline. */
export function startCompressPanel(): void {
  const section = element('compress', HTMLElement);
  const [bits, sparsity] = [element('bits', HTMLInputElement), element('sparsity', HTMLInputElement)];
  bits.oninput = () => {
    showValue(bits, namedWidth(widths[bits.valueAsNumber]), ' bits');
  };
  sparsity.oninput = () => {
    showValue(sparsity, sparsity.value, ' %');
  };
  bits.oninput(new InputEvent('input'));
  section.querySelector('form')?.addEventListener('submit', (event) => {
    event.preventDefault();
    const recipe = {bits: widths[bits.valueAsNumber], sparsity: sparsity.valueAsNumber / 100};
    runJob(
      section,
      (show) => compressing(recipe, show),
      (compression) => {
        showResult(compression, titleOf(recipe));
      },
    );
  });
  adapted.subscribe((start) => {
    write(
      'subject',
      start
        ? `Compresses the classifier that was adapted (${shifts[shift.value].title.toLowerCase()}).`
        : 'Compresses the classifier as it came.',
    );
  });
}

function compressing({bits, sparsity}: Pick<Recipe, 'bits' | 'sparsity'>, show: Show): Observable<Compression> {
  show(undefined, 'Starting TensorFlow.js …');
  return from(session()).pipe(
    switchMap((started) => {
      const {engine, pretrained, testImages} = started;
      const recipe = {
        bits,
        sparsity,
        test: shifted(testImages),
        onProgress: overallProgress(sparsity > 0 ? 5 : 4, show),
      };
      return adapted.value
        ? engine.compressAdapted(adapted.value, recipe)
        : engine.compressModel(pretrained, imagesToAdaptTo(started), recipe);
    }),
  );
}

/** Stages report one by one: the bar shows all of them together. */
function overallProgress(stages: number, show: Show): ProgressObserver {
  const seen: string[] = [];
  return (event) => {
    if (!seen.includes(event.stage)) seen.push(event.stage);
    show((seen.length - 1 + event.fraction) / stages, describe(event));
  };
}

function describe({stage, layer, index, total, remaining}: ProgressEvent): string {
  const place = layer === '' ? '' : ` ${layer}, layer ${index + 1} of ${total}`;
  const left =
    Number.isFinite(remaining) && remaining > 500 ? ` · ${(remaining / 1000).toFixed(0)} s left for this stage` : '';
  return `${stageTitles[stage] ?? stage}${place}${left}`;
}

function showResult(compression: Compression, title: string): void {
  const {size, evaluation} = compression.report;
  result.value?.compression.dispose();
  const packed = {compression, model: compression.model, title: `the packed model, ${title}`};
  result.next(packed);
  classifier.next(packed);
  write('accuracy-compressed', percent(evaluation?.accuracyAfter ?? NaN));
  write('size', kilobytes(size.bytesAfter));
  write('agreement', percent(evaluation?.agreement ?? NaN));
}

function titleOf({bits, sparsity}: Pick<Recipe, 'bits' | 'sparsity'>): string {
  return `${namedWidth(bits)} ${bits === 1 ? 'bit' : 'bits'}${sparsity > 0 ? `, ${percent(sparsity)} pruned` : ''}`;
}

function namedWidth(bits: Recipe['bits']): string {
  return bits === 'ternary' ? '1.58' : String(bits);
}

function showValue(input: HTMLInputElement, value: string, unit: string): void {
  write(`${input.id}-value`, unit === ' %' ? value + unit : value);
  input.ariaValueText = value + unit;
}
