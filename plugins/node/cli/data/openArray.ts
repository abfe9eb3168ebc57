import {promisify} from 'node:util';
import {constants, gunzip, gunzipSync} from 'node:zlib';
import {DataError} from 'tfjs-compress';
import {readPart, readRegularFile, sizeOfFile} from '../../files/regularFile.ts';
import {type ArrayHeader, arrayHeader} from './arrayHeader.ts';

/** An array on disk. */
export interface DiskArray {
  /** Samples first. */
  readonly shape: readonly number[];
  /** NumPy's name of the numbers' type. */
  readonly type: string;
  /** Whether its numbers are integers. */
  readonly whole: boolean;
  /** The numbers of some samples that follow each other, last axis fastest. */
  read(first: number, count: number): Promise<Float64Array>;
}

const HEAD_BYTES = 2 ** 16;
const PACKED_HEAD_BYTES = 2 ** 12; // unpacks to 4 MiB at most
/** Larger files are read sample by sample, unless their layout forbids it. */
const WHOLE_BYTES = 2 ** 28;
const MAX_UNPACKED = 2 ** 30;

/**
 * Opens a `.npy` or idx file, gzipped or not. Nothing is allocated before its length agrees with its header.
 * @returns undefined if it is no such file
 * @throws DataError if it is damaged or has no numbers
 */
export async function openArray(path: string): Promise<DiskArray | undefined> {
  const head = await readPart(path, 0, HEAD_BYTES);
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') {
    throw new DataError(
      `${path}: expected one array, got an archive (.npz, .zip); save the array alone: np.save('inputs.npy', ` +
        "archive['name'])",
    );
  }
  const header = withArrayErrors(path, () =>
    arrayHeader(packed ? gunzipSync(head.subarray(0, PACKED_HEAD_BYTES), {finishFlush: constants.Z_SYNC_FLUSH}) : head),
  );
  if (!header) return undefined;
  const {shape, type, fortranOrder, start} = header;
  const end = start + shape.reduce((product, length) => product * length, type.bytes);
  checkShape(path, header);
  if (packed && end > MAX_UNPACKED)
    throw new DataError(`${path}: expected at most ${MAX_UNPACKED} bytes unpacked, got ${end}; unpack it with gunzip`);
  const unpacked = packed ? await unpack(path, end) : undefined;
  const length = unpacked?.length ?? (await sizeOfFile(path));
  if (length !== end) {
    throw new DataError(
      `${path}: expected ${end} bytes, as its header [${shape.join(', ')}] of ${type.name} says, got ${length}; ` +
        `${length < end ? 'it is cut off' : 'it has more than one array'}: save or fetch it again`,
    );
  }
  if (fortranOrder && length > MAX_UNPACKED)
    throw new DataError(
      `${path}: expected at most ${MAX_UNPACKED} bytes in Fortran order, got ${length}; ` +
        'save it with np.ascontiguousarray',
    );
  const whole = unpacked ?? (fortranOrder || length <= WHOLE_BYTES ? await readRegularFile(path) : undefined);
  return {shape, type: type.name, whole: type.whole, read: reader(path, header, whole)};
}

function checkShape(path: string, {shape, type}: ArrayHeader): void {
  if (shape.length > 0 && !shape.includes(0)) return;
  throw new DataError(
    `${path}: expected samples along the first axis, ` +
      `got ${shape.length === 0 ? 'a single number' : `an empty array [${shape.join(', ')}]`} of ${type.name}`,
  );
}

async function unpack(path: string, length: number): Promise<Buffer> {
  const packed = await readRegularFile(path);
  try {
    return await promisify(gunzip)(packed, {maxOutputLength: length});
  } catch (cause) {
    throw new DataError(
      `${path}: expected a gzipped file of ${length} bytes, as its header says, got one that does not unpack to ` +
        `that (${messageOf(cause)}); fetch it again`,
      {cause},
    );
  }
}

function reader(path: string, header: ArrayHeader, whole: Buffer | undefined): DiskArray['read'] {
  const {shape, type, start, littleEndian, fortranOrder} = header;
  const size = sizeOf(shape.slice(1));
  const indices = fortranOrder ? fortranIndices(shape) : undefined;
  return async (first, count) => {
    const from = indices ? start : start + first * size * type.bytes;
    const bytes = whole?.subarray(from) ?? (await readPart(path, from, count * size * type.bytes));
    if (bytes.length < count * size * type.bytes)
      throw new DataError(`${path}: expected the file to stay as it was, got one that was cut off since`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const numbers = new Float64Array(count * size);
    for (const i of numbers.keys()) {
      const index = indices ? first + Math.floor(i / size) + indices[i % size] : i;
      numbers[i] = type.read(view, index * type.bytes, littleEndian);
    }
    if (type.whole && type.bytes === 8 && !numbers.every(Number.isSafeInteger))
      throw new DataError(
        `${path}: expected integers up to 2⁵³, got larger ones of ${type.name} in samples ${first} to ` +
          `${first + count - 1}`,
      );
    return numbers;
  };
}

/** Where the numbers of sample 0 lie in Fortran order, in the order of the last axis fastest. */
function fortranIndices(shape: readonly number[]): Float64Array {
  const indices = new Float64Array(sizeOf(shape.slice(1)));
  for (const i of indices.keys()) {
    let rest = i;
    for (let axis = shape.length - 1; axis > 0; axis--) {
      indices[i] += (rest % shape[axis]) * sizeOf(shape.slice(0, axis));
      rest = Math.floor(rest / shape[axis]);
    }
  }
  return indices;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** What a parser gives; what it throws becomes an error about the file. */
function withArrayErrors<Result>(path: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (cause) {
    throw new DataError(`${path}: expected a .npy or idx file of numbers, gzipped or not, got ${messageOf(cause)}`, {
      cause,
    });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
