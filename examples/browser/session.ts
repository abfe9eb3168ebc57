import type {LayersModel} from '@tensorflow/tfjs-layers';
import {BehaviorSubject} from 'rxjs';
import type {Compression} from 'tfjs-compress';
import type * as engineModule from './engine/index.ts';
import type {Adapted, Backend} from './engine/index.ts';
import {type Images, joined, loadImages} from './images.ts';
import {shifts} from './shifts.ts';

/** What takes a moment to start: TensorFlow.js on its backend, the classifier and its images. */
export interface Session {
  readonly engine: typeof engineModule;
  readonly backend: Backend;
  /** As it came with the page. */
  readonly pretrained: LayersModel;
  /** The one that is adapted. */
  readonly model: LayersModel;
  readonly adaptImages: Images;
  readonly testImages: Images;
}

/** A model that predictions can be asked of. */
export interface Classifier {
  readonly model: LayersModel;
  /** As in 'packed, 2 bits, 50 % pruned'. */
  readonly title: string;
}

/** A compressed model, in its page and in its report. */
export interface Result extends Classifier {
  readonly compression: Compression;
}

/** The name of the shift that was chosen. */
export const shift = new BehaviorSubject('rotated');
/** Images that the user added. */
export const ownImages = new BehaviorSubject<Images>({pixels: new Uint8Array(0), labels: new Uint8Array(0)});
/** The classifier after its training, while the images stay those that it was trained on. */
export const adapted = new BehaviorSubject<Adapted | undefined>(undefined);
/** The last compressed model. */
export const result = new BehaviorSubject<Result | undefined>(undefined);
/** What predicts: the newest model. */
export const classifier = new BehaviorSubject<Classifier | undefined>(undefined);

let starting: Promise<Session> | undefined;

/** Starts at the first call; after a failure at the next. */
export function session(): Promise<Session> {
  starting ??= start().catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

/** The images to adapt to, those of the user among them, so often that they count. */
export function imagesToAdaptTo({adaptImages}: Session): Images {
  const own = ownImages.value;
  const copies = own.labels.length === 0 ? 0 : Math.max(1, Math.round(80 / own.labels.length));
  return joined([shifted(adaptImages), ...Array.from({length: copies}, () => own)]);
}

/** Images as the chosen shift shows them. */
export function shifted(images: Images): Images {
  return shifts[shift.value].apply(images);
}

async function start(): Promise<Session> {
  const [engine, adaptImages, testImages] = await Promise.all([
    import('./engine/index.ts'),
    loadImages('adapt'),
    loadImages('test'),
  ]);
  const backend = await engine.startBackend();
  const [pretrained, model] = [await engine.loadPretrained(), await engine.loadPretrained()];
  return {engine, backend, pretrained, model, adaptImages, testImages};
}
