import {auditTime, BehaviorSubject, combineLatest, defer, switchMap} from 'rxjs';
import {classNames, drawImage, imageAt, type Images} from './images.ts';
import {element, made, orProblem, percent, write} from './page.ts';
import {classifier, ownImages, session, shift, shifted} from './session.ts';

/** What is shown: an image, and what the newest model says of it. */
interface Prediction {
  readonly image: Images;
  readonly by: string;
  readonly probabilities: Float32Array;
}

/** The fourth section: the newest model classifies test images, and those of the user. */
export function startPredictPanel(): void {
  const index = new BehaviorSubject(0);
  element('previous', HTMLButtonElement).onclick = () => {
    index.next(index.value - 1);
  };
  element('next', HTMLButtonElement).onclick = () => {
    index.next(index.value + 1);
  };
  ownImages.subscribe(() => {
    index.next(0);
  }); // a new image of the user is shown first
  // In a task of its own: what made the new model has just ended.
  combineLatest([index, shift, ownImages, classifier])
    .pipe(
      auditTime(0),
      switchMap(([number]) => defer(() => predicted(number)).pipe(orProblem())),
    )
    .subscribe(showPrediction);
}

async function predicted(number: number): Promise<Prediction> {
  const {engine, pretrained, testImages} = await session();
  const {model, title} = classifier.value ?? {model: pretrained, title: 'the classifier as it came'};
  const image = imageNumber(number, testImages);
  return {image, by: title, probabilities: await engine.probabilitiesOf(model, image)};
}

/** The user's images, the newest first, then those to test with; before the first comes the last. */
function imageNumber(number: number, test: Images): Images {
  const own = ownImages.value.labels.length;
  const count = own + test.labels.length;
  const place = ((number % count) + count) % count;
  return place < own ? imageAt(ownImages.value, own - 1 - place) : shifted(imageAt(test, place - own));
}

function showPrediction({image, by, probabilities}: Prediction): void {
  drawImage(element('shown', HTMLCanvasElement), image);
  const answer = classNames[probabilities.indexOf(Math.max(...probabilities))];
  const label = classNames[image.labels[0]];
  write('verdict', answer === label ? `${answer}: right` : `${answer}, but it is labelled ${label}`);
  write('by', `Says ${by}.`);
  const ranked = Array.from(probabilities, (share, i) => ({share, name: classNames[i]}))
    .sort((one, other) => other.share - one.share)
    .slice(0, 5);
  element('answers', HTMLElement).replaceChildren(
    ...ranked.map(({share, name}) => {
      const bar = made('li', {}, made('span', {}, name), made('span', {}, percent(share)));
      bar.style.setProperty('--share', String(share));
      return bar;
    }),
  );
}
