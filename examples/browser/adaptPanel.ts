import type {LayersModel} from '@tensorflow/tfjs-layers';
import {combineLatest, concatMap, defer, from, map, type Observable, startWith, switchMap} from 'rxjs';
import type {Adapted} from './engine/index.ts';
import {drawImage, imageAt, type Images, joined, loadImages, side} from './images.ts';
import {runJob, type Show} from './job.ts';
import {element, made, orProblem, percent, showProblem, write} from './page.ts';
import {
  adapted,
  classifier,
  imagesToAdaptTo,
  ownImages,
  result,
  type Session,
  session,
  shift,
  shifted,
} from './session.ts';
import {shifts} from './shifts.ts';

const previewed = [9, 41, 125, 210, 330]; // of the images to adapt to: five that look different

/** The first section: choose a shift, see the accuracy fall, train. */
export function startAdaptPanel(): void {
  const section = element('adapt', HTMLElement);
  const passes = element('passes', HTMLInputElement);
  passes.oninput = () => {
    write('passes-value', passes.value);
  };
  showShifts().catch(showProblem);
  section.querySelector('form')?.addEventListener('submit', (event) => {
    event.preventDefault();
    forget();
    runJob(
      section,
      (show) => adapting(passes.valueAsNumber, show),
      (start) => {
        adapted.next(start);
        classifier.next({model: start.compression.model, title: 'the adapted classifier, 32 bits per weight'});
      },
    );
  });
  // Other images: what was adapted is no longer what the user asks for.
  combineLatest([shift, ownImages]).subscribe(forget);
  shift.pipe(switchMap(() => accuracyOf(({pretrained}) => pretrained))).subscribe((accuracy) => {
    write('accuracy-before', accuracy);
  });
  adapted.pipe(switchMap((start) => (start ? accuracyOf(({model}) => model) : ['–']))).subscribe((accuracy) => {
    write('accuracy-after', accuracy);
  });
}

function adapting(passes: number, show: Show): Observable<Adapted> {
  show(undefined, 'Starting TensorFlow.js …');
  return from(session()).pipe(
    switchMap((started) =>
      started.engine.adapt(started.model, started.pretrained, imagesToAdaptTo(started), {
        passes,
        onStep: ({index, total, loss}) => {
          show(index / total, `Step ${index} of ${total}, loss ${loss.toFixed(2)}`);
        },
      }),
    ),
  );
}

/** On the test images as the shift shows them; first that it is being found out. */
function accuracyOf(modelOf: (started: Session) => LayersModel): Observable<string> {
  return defer(session).pipe(
    concatMap((started) => started.engine.accuracyOf(modelOf(started), shifted(started.testImages))),
    map(percent),
    startWith('…'),
    orProblem(),
  );
}

/** The next training writes to the model of the last one. */
function forget(): void {
  const {value} = adapted;
  if (!value) return;
  if (classifier.value?.model === value.compression.model) classifier.next(result.value);
  adapted.next(undefined);
  value.dispose();
}

async function showShifts(): Promise<void> {
  const images = await loadImages('adapt');
  const few = joined(previewed.map((index) => imageAt(images, index)));
  element('shifts', HTMLElement).append(...Object.keys(shifts).map((name) => shiftChoice(name, few)));
}

function shiftChoice(name: string, images: Images): HTMLElement {
  const {title, hint, apply} = shifts[name];
  const radio = made('input', {type: 'radio', name: 'shift', value: name, checked: name === shift.value});
  radio.onchange = () => {
    shift.next(name);
  };
  return made(
    'label',
    {className: 'choice'},
    radio,
    made('strong', {}, title),
    made('span', {}, hint),
    strip(apply(images)),
  );
}

function strip(images: Images): HTMLCanvasElement {
  const canvas = made('canvas', {width: previewed.length * side, height: side});
  canvas.setAttribute('aria-hidden', 'true');
  previewed.forEach((_, i) => {
    drawImage(canvas, imageAt(images, i), i);
  });
  return canvas;
}
