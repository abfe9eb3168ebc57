import {DataError} from 'tfjs-compress';
import type {DiskArray} from './openArray.ts';
import type {DiskInputs, ReadingOptions} from './readingOptions.ts';
import {shuffledSamples} from './shuffledSamples.ts';
import {tensorBatches} from './tensorBatches.ts';

/**
 * Samples of an array as inputs. Unsigned bytes are pixels and mapped to `range`; other numbers are taken as they are.
 * An axis of length 1 may be added at the end or left out there, and a model that takes vectors gets all axes in one.
 * @throws DataError if the shape does not fit the model
 */
export function openArrayInputs(
  path: string,
  array: DiskArray,
  inputShape: readonly (number | null)[],
  {samples, range: [low, high], seed}: ReadingOptions,
): DiskInputs {
  const [total, ...item] = array.shape;
  const shape = fittingShape(item, inputShape.slice(1));
  if (!shape) {
    throw new DataError(
      `${path}: expected samples of shape [${inputShape
        .slice(1)
        .map((length) => length ?? 'any')
        .join(
          ', ',
        )}] as the model takes them, first axis of the file, got [${array.shape.join(', ')}]; reshape or transpose it`,
    );
  }
  const chosen =
    samples < total
      ? shuffledSamples(total, seed)
          .slice(0, samples)
          .sort((a, b) => a - b)
      : Array.from({length: total}, (_, i) => i);
  const arePixels = array.type === 'uint8';
  const read = async (sample: number): Promise<Float32Array> => {
    const numbers = await array.read(sample, 1);
    return arePixels
      ? Float32Array.from(numbers, (value) => low + ((high - low) * value) / 255)
      : new Float32Array(numbers);
  };
  return {
    count: chosen.length,
    total,
    chosen,
    skipped: [],
    description: [
      `${chosen.length} ${chosen.length === 1 ? 'sample' : 'samples'}` +
        (chosen.length < total ? ` at random of ${total}` : ''),
      `${shape.join('×')} of ${array.type}`,
      ...(arePixels ? [`pixels 0…255 as ${low}…${high}`] : []),
    ].join(', '),
    read: () => tensorBatches(chosen, shape, read),
  };
}

function fittingShape(item: readonly number[], wanted: readonly (number | null)[]): readonly number[] | undefined {
  const shapes = [
    item,
    [...item, 1],
    ...(item.at(-1) === 1 ? [item.slice(0, -1)] : []),
    [item.reduce((product, length) => product * length, 1)],
  ];
  return shapes.find(
    (shape) =>
      shape.length === wanted.length && wanted.every((length, axis) => length === null || length === shape[axis]),
  );
}
