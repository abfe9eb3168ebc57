/** Rows and columns of a tile: its sixteen sums fill eight of the sixteen vector registers. */
export const TILE_SIZE = 4;
/** Inner-dimension limit of one call: the rows and columns of a tile then stay in the L1 cache. */
export const MAX_TERMS = 256;
/** The maximum number of rows and columns of the result that are held at once. */
export const MAX_ROWS = 128;
export const MAX_COLUMNS = 64;

/** A product of small matrices in WebAssembly: its operands, and the call. */
export interface WasmTile {
  /** A `[MAX_ROWS, MAX_TERMS]`. */
  readonly rows: Float64Array;
  /** B, four columns side by side: `[MAX_COLUMNS / 4, MAX_TERMS, 4]`. */
  readonly columns: Float64Array;
  /** The sums `[MAX_ROWS, MAX_COLUMNS]`. */
  readonly sums: Float64Array;
  /**
   * sums += AB for rows `row … row + 3` and columns `column … column + 3`. Each entry adds its terms in order, so the
   * result has the bits of the same loop in TypeScript.
   */
  add(row: number, column: number, terms: number): void;
}

/** The tile, or undefined where WebAssembly or its vectors are missing or forbidden. */
export function createWasmTile(): WasmTile | undefined {
  const columnsAt = MAX_ROWS * ROW_BYTES;
  const sumsAt = columnsAt + MAX_COLUMNS * ROW_BYTES;
  try {
    const memory = new WebAssembly.Memory({initial: Math.ceil((sumsAt + MAX_ROWS * SUMS_BYTES) / PAGE)});
    const {exports} = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), {host: {memory}});
    const {add} = exports;
    if (!isTileFunction(add)) return undefined;
    return {
      rows: new Float64Array(memory.buffer, 0, MAX_ROWS * MAX_TERMS),
      columns: new Float64Array(memory.buffer, columnsAt, MAX_COLUMNS * MAX_TERMS),
      sums: new Float64Array(memory.buffer, sumsAt, MAX_ROWS * MAX_COLUMNS),
      add: (row, column, terms) => {
        const from = row * ROW_BYTES;
        add(from, from + terms * 8, columnsAt + column * ROW_BYTES, sumsAt + row * SUMS_BYTES + column * 8);
      },
    };
  } catch {
    return undefined;
  }
}

type TileFunction = (row: number, rowEnd: number, columns: number, sums: number) => void;

function isTileFunction(value: WebAssembly.ExportValue | undefined): value is TileFunction {
  return typeof value === 'function';
}

const PAGE = 65536;
/** Bytes of a row of A, which are also those of a column of B. */
const ROW_BYTES = MAX_TERMS * 8;
const SUMS_BYTES = MAX_COLUMNS * 8;

/** Local variables of the function: its four parameters, then vectors. */
const [ROW, ROW_END, COLUMNS, SUMS] = [0, 1, 2, 3];
const FIRST_SUM = 4;
const [LEFT, RIGHT, FACTOR] = [12, 13, 14];

/** The instructions that are used (WebAssembly 2.0, section 5.4). A vector holds two float64. */
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const constant = (value: number) => [0x41, value];
const load = (offset: number) => [0xfd, 0x00, 3, ...unsigned(offset)];
const loadTwice = (offset: number) => [0xfd, 0x0a, 3, ...unsigned(offset)];
const store = (offset: number) => [0xfd, 0x0b, 3, ...unsigned(offset)];
const ADD = [0xfd, 0xf0, 0x01];
const MULTIPLY = [0xfd, 0xf2, 0x01];
const ADD_INTEGERS = [0x6a];
const ARE_DIFFERENT = [0x47];
const LOOP = [0x03, 0x40];
const REPEAT_IF = [0x0d, 0];
const END = [0x0b];

function tileFunction(): number[] {
  const rows = Array.from({length: TILE_SIZE}, (_, r) => r);
  const sums = rows.flatMap((r) => [
    {local: FIRST_SUM + 2 * r, offset: r * SUMS_BYTES},
    {local: FIRST_SUM + 2 * r + 1, offset: r * SUMS_BYTES + 16},
  ]);
  return [
    ...sums.flatMap(({local, offset}) => [...get(SUMS), ...load(offset), ...set(local)]),
    ...LOOP,
    ...get(COLUMNS),
    ...load(0),
    ...set(LEFT),
    ...get(COLUMNS),
    ...load(16),
    ...set(RIGHT),
    ...rows.flatMap((r) => [
      ...get(ROW),
      ...loadTwice(r * ROW_BYTES),
      ...set(FACTOR),
      ...addProduct(FIRST_SUM + 2 * r, LEFT),
      ...addProduct(FIRST_SUM + 2 * r + 1, RIGHT),
    ]),
    ...get(COLUMNS),
    ...constant(32),
    ...ADD_INTEGERS,
    ...set(COLUMNS),
    ...get(ROW),
    ...constant(8),
    ...ADD_INTEGERS,
    ...tee(ROW),
    ...get(ROW_END),
    ...ARE_DIFFERENT,
    ...REPEAT_IF,
    ...END,
    ...sums.flatMap(({local, offset}) => [...get(SUMS), ...get(local), ...store(offset)]),
    ...END,
  ];
}

/** sum += FACTOR · columns: a product and a sum, each rounded, as in TypeScript. */
function addProduct(sum: number, columns: number): number[] {
  return [...get(sum), ...get(FACTOR), ...get(columns), ...MULTIPLY, ...ADD, ...set(sum)];
}

/** A module that imports `host.memory` and exports `add`. */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const [integer, vector, memory, func] = [0x7f, 0x7b, 2, 0];
  const body = [1, 11, vector, ...tileFunction()];
  return Uint8Array.from([
    0,
    ...ascii('asm'),
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, 4, integer, integer, integer, integer, 0]),
    ...section(2, [1, ...name('host'), ...name('memory'), memory, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('add'), func, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): number[] {
  return [text.length, ...ascii(text)];
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

/** LEB128: seven bits to a byte, the lowest first. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}
