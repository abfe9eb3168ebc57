import {concatMap, defer, from, type Observable} from 'rxjs';
import type {SavedModel} from './engine/index.ts';
import {runJob, type Show} from './job.ts';
import {element, kilobytes, write} from './page.ts';
import {classifier, type Result, result, session, shift, shifted} from './session.ts';

/** What was loaded, and how its predictions compare with those before it was saved. */
interface Loaded extends SavedModel {
  readonly images: number;
  readonly sameAnswers: number;
  readonly largestDifference: number;
}

let last: Loaded | undefined;

/** The third section: save the packed model, and load it again. */
export function startStorePanel(): void {
  const section = element('store', HTMLElement);
  section.querySelector('form')?.addEventListener('submit', (event) => {
    event.preventDefault();
    const {value} = result;
    if (value)
      runJob(
        section,
        (show) => saving(value, show),
        (loaded) => {
          showLoaded(loaded, 'Saved, and read back');
        },
      );
  });
  element('load', HTMLButtonElement).onclick = () => {
    runJob(section, loading, (loaded) => {
      showLoaded(loaded, 'Loaded');
    });
  };
  const save = element('save', HTMLButtonElement);
  result.subscribe((value) => {
    save.toggleAttribute('data-unready', value === undefined);
    write('stored', '');
  });
}

function saving({model, title}: Result, show: Show): Observable<Loaded> {
  show(undefined, 'Saving …');
  return defer(session).pipe(
    concatMap(async ({engine, testImages}) => {
      const probabilities = Array.from(await engine.probabilitiesOf(model, shifted(testImages)));
      return compared(await engine.keepModel(model, {shift: shift.value, title, probabilities}));
    }),
  );
}

function loading(show: Show): Observable<Loaded> {
  show(undefined, 'Loading …');
  return from(session()).pipe(concatMap(async ({engine}) => compared(await engine.loadModel())));
}

/** Predicts again what the model predicted before it was saved, on images of the same shift. */
async function compared(saved: SavedModel): Promise<Loaded> {
  const {engine, testImages} = await session();
  const {note, model} = saved;
  if (shift.value !== note.shift) shift.next(note.shift);
  const before = Float32Array.from(note.probabilities);
  const now = await engine.probabilitiesOf(model, shifted(testImages));
  const [answersBefore, answersNow] = [before, now].map(engine.answersOf);
  return {
    ...saved,
    images: answersNow.length,
    sameAnswers: answersNow.filter((answer, i) => answer === answersBefore[i]).length,
    largestDifference: now.reduce((largest, value, i) => Math.max(largest, Math.abs(value - before[i])), 0),
  };
}

function showLoaded(loaded: Loaded, did: string): void {
  const {model, note, bytes, images, sameAnswers, largestDifference} = loaded;
  last?.model.dispose();
  last = loaded;
  classifier.next({model, title: `${note.title}, loaded from IndexedDB`});
  const difference =
    largestDifference === 0
      ? 'every probability is equal'
      : `probabilities differ by at most ${largestDifference.toExponential(1)}`;
  write(
    'stored',
    `${did}: ${note.title}, ${kilobytes(bytes)} of weights. ${sameAnswers} of ${images} answers are those before ` +
      `saving; ${difference}.`,
  );
}
