import {type ElementType, elementTypes} from './elementTypes.ts';

/** What the head of a file of numbers says about the rest. */
export interface ArrayHeader {
  readonly type: ElementType;
  readonly littleEndian: boolean;
  /** Whether the first axis runs fastest instead of the last. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** The byte where the numbers begin. */
  readonly start: number;
}

/**
 * Reads the head of a `.npy` file (versions 1 to 3) or of an idx file.
 * @param head the first bytes of the file, 64 KiB or all
 * @returns undefined if it is neither
 * @throws Error if it is damaged, or has numbers that cannot be inputs
 */
export function arrayHeader(head: Buffer): ArrayHeader | undefined {
  if (head.toString('latin1', 0, 6) === '\x93NUMPY') return npyHeader(head);
  if (head.length >= 4 && head.readUInt16BE() === 0) return idxHeader(head);
  return undefined;
}

/** https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function npyHeader(head: Buffer): ArrayHeader {
  const version = head[6];
  if (!(version >= 1 && version <= 3))
    throw new Error(`version ${version ?? 'missing'} of the .npy format; 1, 2 and 3 are known`);
  const textStart = version === 1 ? 10 : 12;
  if (head.length < textStart) throw new Error(`a header of ${head.length} bytes, cut off`);
  const start = textStart + (version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8));
  if (start > head.length) throw new Error(`a header that ends at byte ${start}, of ${head.length} there are`);
  const text = head.toString('utf8', textStart, start);
  const shape = /'shape': *\(([\d, L]*)\)/
    .exec(text)?.[1]
    .split(',')
    .map((length) => length.trim())
    .filter((length) => length !== '');
  const order = /'fortran_order': *(True|False)/.exec(text)?.[1];
  if (shape === undefined || order === undefined)
    throw new Error(`a header without 'shape' and 'fortran_order': ${text.slice(0, 80).trim()}`);
  return {...npyType(text), fortranOrder: order === 'True', shape: shape.map((length) => parseInt(length)), start};
}

function npyType(text: string): Pick<ArrayHeader, 'type' | 'littleEndian'> {
  const [, order, kind] = /'descr': *'([<>|])(\w+)'/.exec(text) ?? [];
  const type = kind === undefined ? undefined : elementTypes[kind];
  if (type && (order !== '|' || type.bytes === 1)) return {type, littleEndian: order === '<'};
  const found = /'descr': *('[^']{0,40}'|.{0,40})/.exec(text)?.[1] ?? 'none';
  throw new Error(
    `elements of type ${found}; numbers are wanted (${Object.values(elementTypes)
      .map((one) => one?.name)
      .join(', ')}), no objects, records or texts`,
  );
}

/**
 * http://yann.lecun.com/exdb/mnist: two zeros, the type, the number of axes, their lengths, then numbers, all
 * big-endian.
 */
function idxHeader(head: Buffer): ArrayHeader {
  const [kind, axes] = [head[2], head[3]];
  const type = elementTypes[{0x08: 'u1', 0x09: 'i1', 0x0b: 'i2', 0x0c: 'i4', 0x0d: 'f4', 0x0e: 'f8'}[kind] ?? ''];
  if (!type)
    throw new Error(
      `type 0x${kind.toString(16).padStart(2, '0')} of the idx format; 0x08, 0x09 and 0x0b to 0x0e are known`,
    );
  const start = 4 + 4 * axes;
  if (start > head.length) throw new Error(`a header that ends at byte ${start}, of ${head.length} there are`);
  return {
    type,
    littleEndian: false,
    fortranOrder: false,
    shape: Array.from({length: axes}, (_, i) => head.readUInt32BE(4 + 4 * i)),
    start,
  };
}
