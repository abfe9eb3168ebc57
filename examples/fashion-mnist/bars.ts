import {Presets, SingleBar} from 'cli-progress';
import type {ProgressEvent} from 'tfjs-compress';
import type {TrainingProgress} from './trainConvnet.ts';

/** A progress bar with what fills it. */
export interface Bar<Event> {
  readonly show: (event: Event) => void;
  readonly stop: () => void;
}

/** The progress of a training over `epochs` passes of `images`. */
export function trainingBar(epochs: number, images: number): Bar<TrainingProgress> {
  const bar = newBar(
    'training  [{bar}] {percentage} %  epoch {epoch}/{epochs}, loss {loss}, accuracy {accuracy} %, ' +
      '{eta_formatted} left',
  );
  bar.start(epochs * images, 0, {epoch: 1, epochs, loss: '–', accuracy: '–'});
  return {
    show: ({images: seen, epoch, loss, accuracy}) => {
      bar.update(seen, {epoch, loss: loss.toFixed(4), accuracy: (100 * accuracy).toFixed(2)});
    },
    stop: () => {
      bar.stop();
    },
  };
}

/** The progress of one compression. */
export function compressionBar(title: string): Bar<ProgressEvent> {
  const bar = newBar(`${title.padEnd(24)} [{bar}] {percentage} %  {layer}`);
  bar.start(1, 0, {layer: ''});
  return {
    show: ({fraction, layer}) => {
      bar.update(fraction, {layer});
    },
    stop: () => {
      bar.stop();
    },
  };
}

/** Without a terminal it prints a line now and then. */
function newBar(format: string): SingleBar {
  return new SingleBar(
    {format, noTTYOutput: true, notTTYSchedule: 10_000, etaBuffer: 100, barsize: 30, hideCursor: true},
    Presets.shades_classic,
  );
}
