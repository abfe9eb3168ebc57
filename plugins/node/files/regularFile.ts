import {open, stat} from 'node:fs/promises';

/**
 * The size of a file that has an end: what is read from a device or a pipe may have none, and may never begin.
 * @returns bytes
 * @throws Error that says what the path is instead, or that there is nothing
 */
export async function sizeOfFile(path: string): Promise<number> {
  const found = await stat(path);
  if (found.isFile()) return found.size;
  const kind = found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a pipe' : 'a device or socket';
  throw new Error(`${path}: expected a regular file, found ${kind}`);
}

/**
 * Reads what a regular file held when it was opened, and no byte more, should it grow.
 * @param most refuses larger files before anything is read
 * @throws Error
 */
export async function readRegularFile(path: string, most = Infinity): Promise<Buffer> {
  const size = await sizeOfFile(path);
  if (size > most) throw new Error(`${path}: expected at most ${String(most)} bytes, found ${String(size)}`);
  return readPart(path, 0, size);
}

/** Reads `length` bytes of a regular file from `from` on; fewer where it ends before. */
export async function readPart(path: string, from: number, length: number): Promise<Buffer> {
  await sizeOfFile(path);
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const {bytesRead} = await file.read(bytes, filled, Math.min(length - filled, LARGEST_READ), from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** Node reads at most 2³¹ − 1 bytes at once. */
const LARGEST_READ = 2 ** 30;
