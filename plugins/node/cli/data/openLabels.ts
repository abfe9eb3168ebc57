import {stat} from 'node:fs/promises';
import {DataError} from 'tfjs-compress';
import {readRegularFile} from '../../files/regularFile.ts';
import {openArray} from './openArray.ts';

const MAX_TEXT_BYTES = 2 ** 26;

/**
 * Class numbers, one for each sample: an idx file or a `.npy` file of integers, gzipped or not, or a text with one
 * number a line.
 * @param classes each number must be below it
 * @throws DataError naming the file and the first number or line that is none
 */
export async function openLabels(path: string, classes: number): Promise<Int32Array> {
  const entry = await stat(path).catch((cause: unknown) => {
    throw new DataError(`${path}: expected labels, got nothing that can be read; check the path`, {cause});
  });
  if (!entry.isFile())
    throw new DataError(`${path}: expected a file of labels (idx, .npy, or one number a line), got a folder`);
  const labels = (await arrayLabels(path)) ?? (await textLabels(path, entry.size));
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0)
    throw new DataError(
      `${path}: expected class numbers from 0 to ${classes - 1}, as many as the model has outputs, ` +
        `got ${labels[wrong]} for sample ${wrong}`,
    );
  return Int32Array.from(labels);
}

async function arrayLabels(path: string): Promise<Float64Array | undefined> {
  const array = await openArray(path);
  if (!array) return undefined;
  const {
    shape: [count, ...item],
    whole,
    type,
    read,
  } = array;
  if (!whole || item.some((length) => length !== 1))
    throw new DataError(`${path}: expected integers [samples], got [${array.shape.join(', ')}] of ${type}`);
  return read(0, count);
}

async function textLabels(path: string, bytes: number): Promise<Float64Array> {
  if (bytes > MAX_TEXT_BYTES)
    throw new DataError(
      `${path}: expected labels (idx, .npy, or one number a line), got another file of ${bytes} bytes`,
    );
  const lines = (await readRegularFile(path)).toString().trimEnd().split(/\r?\n/);
  return Float64Array.from(lines, (line, i) => {
    if (!/^\s*\d+\s*$/.test(line))
      throw new DataError(
        `${path}: expected one class number on each line (or an idx or .npy file), got '${line.slice(0, 40)}' on ` +
          `line ${i + 1}`,
      );
    return Number(line);
  });
}
