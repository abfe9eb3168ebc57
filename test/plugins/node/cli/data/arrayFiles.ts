/** A `.npy` file. */
export function npy(
  type: string,
  shape: readonly number[],
  numbers: Uint8Array,
  {version = 1, fortran = false}: {readonly version?: number; readonly fortran?: boolean} = {},
): Buffer {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const fields = `{'descr': '${type}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const text = `${fields.padEnd(117)}\n`;
  const head = Buffer.alloc(version === 1 ? 10 : 12);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(text.length, 8);
  else head.writeUInt32LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text), numbers]);
}

/** An idx file. */
export function idx(type: number, shape: readonly number[], numbers: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, type, shape.length]);
  shape.forEach((length, axis) => head.writeUInt32BE(length, 4 + 4 * axis));
  return Buffer.concat([head, numbers]);
}

/** Numbers as bytes, by NumPy's kind and size. */
export function bytesOf(type: string, numbers: readonly number[], littleEndian: boolean): Uint8Array {
  const size = Number(type[1]);
  const view = new DataView(new ArrayBuffer(size * numbers.length));
  for (const [i, number] of numbers.entries()) writers[type](view, i * size, number, littleEndian);
  return new Uint8Array(view.buffer);
}

type Writer = (view: DataView, at: number, number: number, littleEndian: boolean) => void;

const byte: Writer = (view, at, number) => {
  view.setUint8(at, number);
};
const two: Writer = (view, at, number, little) => {
  view.setUint16(at, number, little);
};
const four: Writer = (view, at, number, little) => {
  view.setUint32(at, number, little);
};
const eight: Writer = (view, at, number, little) => {
  view.setBigInt64(at, BigInt(number), little);
};

const writers: Readonly<Record<string, Writer>> = {
  b1: byte,
  i1: byte,
  u1: byte,
  i2: two,
  u2: two,
  i4: four,
  u4: four,
  i8: eight,
  u8: eight,
  f2: (view, at, number, little) => {
    view.setUint16(at, halves.get(number) ?? 0, little);
  },
  f4: (view, at, number, little) => {
    view.setFloat32(at, number, little);
  },
  f8: (view, at, number, little) => {
    view.setFloat64(at, number, little);
  },
};

/** Some numbers in binary16, from the tables of IEEE 754. */
const halves = new Map([
  [-0.5, 0xb800],
  [2 ** -24, 0x0001],
  [65504, 0x7bff],
  [Infinity, 0x7c00],
]);
