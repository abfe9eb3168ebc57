/** How a number lies in a file. */
export interface ElementType {
  /** NumPy's name. */
  readonly name: string;
  readonly bytes: number;
  readonly whole: boolean;
  /** The number at a byte; 64-bit integers beyond 2⁵³ lose their last bits. */
  readonly read: (view: DataView, at: number, littleEndian: boolean) => number;
}

/** The numbers that `.npy` and idx files are made of, by NumPy's kind and size. */
export const elementTypes: Readonly<Partial<Record<string, ElementType>>> = {
  b1: {name: 'bool', bytes: 1, whole: true, read: (view, at) => Math.min(1, view.getUint8(at))},
  u1: {name: 'uint8', bytes: 1, whole: true, read: (view, at) => view.getUint8(at)},
  u2: {name: 'uint16', bytes: 2, whole: true, read: (view, at, little) => view.getUint16(at, little)},
  u4: {name: 'uint32', bytes: 4, whole: true, read: (view, at, little) => view.getUint32(at, little)},
  u8: {name: 'uint64', bytes: 8, whole: true, read: (view, at, little) => Number(view.getBigUint64(at, little))},
  i1: {name: 'int8', bytes: 1, whole: true, read: (view, at) => view.getInt8(at)},
  i2: {name: 'int16', bytes: 2, whole: true, read: (view, at, little) => view.getInt16(at, little)},
  i4: {name: 'int32', bytes: 4, whole: true, read: (view, at, little) => view.getInt32(at, little)},
  i8: {name: 'int64', bytes: 8, whole: true, read: (view, at, little) => Number(view.getBigInt64(at, little))},
  f2: {name: 'float16', bytes: 2, whole: false, read: (view, at, little) => halfFloat(view.getUint16(at, little))},
  f4: {name: 'float32', bytes: 4, whole: false, read: (view, at, little) => view.getFloat32(at, little)},
  f8: {name: 'float64', bytes: 8, whole: false, read: (view, at, little) => view.getFloat64(at, little)},
};

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function halfFloat(word: number): number {
  const [sign, exponent, fraction] = [word >> 15 ? -1 : 1, (word >> 10) & 31, word & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
