import type {PartSpec} from './packing.ts';

/** @throws RangeError unless an array of a packing has the length it must have, and numbers that weights can have */
export function requirePart({name, dtype, length}: PartSpec, part: Int32Array | Float32Array | undefined): void {
  if (part?.length !== length)
    throw new RangeError(`${name}: expected ${length} numbers, got ${part?.length ?? 'none'}`);
  const wrong = dtype === 'float32' ? part.findIndex((value) => !Number.isFinite(value)) : -1;
  if (wrong >= 0) throw new RangeError(`${name}: expected finite numbers, got ${part[wrong]} at ${wrong}`);
  if (name === 'steps') {
    const negative = part.findIndex((step) => step < 0);
    if (negative >= 0) throw new RangeError(`steps: expected no negative number, got ${part[negative]} at ${negative}`);
  }
}
