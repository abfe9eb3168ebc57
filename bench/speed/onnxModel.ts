/**
 * Weights of an ONNX product: a plain matrix, or blocks of 4 bits as MatMulNBits of onnxruntime's contrib operators
 * takes them.
 */
export type OnnxWeights =
  | {readonly kind: 'float'; /** `[features, neurons]` */ readonly values: Float32Array}
  | {
      readonly kind: '4 bits';
      readonly blockSize: number;
      /**
       * `[neurons, features / 2]`, the earlier feature in the lower half of a byte; 8 stands for 0.
       */ readonly codes: Uint8Array;
      /** `[neurons, features / blockSize]` */ readonly steps: Float32Array;
    };

/**
 * An ONNX file of one product: input `x` `[rows, features]`, output `y` `[rows, neurons]`. The numbers of its fields
 * are those of onnx.proto.
 */
export function onnxModel(weights: OnnxWeights, features: number, neurons: number): Uint8Array {
  const graph = [
    bytes(1, node(weights, features, neurons)),
    text(2, 'product'),
    ...initializers(weights, features, neurons).map((initializer) => bytes(5, initializer)),
    bytes(11, rowsOf('x', features)),
    bytes(12, rowsOf('y', neurons)),
  ];
  return message([
    integer(1, IR_VERSION),
    bytes(7, message(graph)),
    bytes(8, message([text(1, ''), integer(2, OPSET)])),
    bytes(8, message([text(1, CONTRIB), integer(2, 1)])),
  ]);
}

const IR_VERSION = 10;
const OPSET = 21;
const CONTRIB = 'com.microsoft';
const FLOAT = 1;
const UINT8 = 2;
const INTEGER_ATTRIBUTE = 2;

function node(weights: OnnxWeights, features: number, neurons: number): Uint8Array {
  if (weights.kind === 'float') return message([text(1, 'x'), text(1, 'w'), text(2, 'y'), text(4, 'MatMul')]);
  const attributes = Object.entries({K: features, N: neurons, bits: 4, block_size: weights.blockSize});
  return message([
    ...['x', 'codes', 'steps'].map((input) => text(1, input)),
    text(2, 'y'),
    text(4, 'MatMulNBits'),
    ...attributes.map(([name, value]) =>
      bytes(5, message([text(1, name), integer(3, value), integer(20, INTEGER_ATTRIBUTE)])),
    ),
    text(7, CONTRIB),
  ]);
}

function initializers(weights: OnnxWeights, features: number, neurons: number): Uint8Array[] {
  if (weights.kind === 'float') return [tensor('w', FLOAT, [features, neurons], weights.values)];
  const blocks = features / weights.blockSize;
  return [
    tensor('codes', UINT8, [neurons, blocks, weights.blockSize / 2], weights.codes),
    tensor('steps', FLOAT, [neurons * blocks], weights.steps),
  ];
}

function tensor(
  name: string,
  type: number,
  shape: readonly number[],
  {buffer, byteOffset, byteLength}: ArrayBufferView,
): Uint8Array {
  return message([
    ...shape.map((size) => integer(1, size)),
    integer(2, type),
    text(8, name),
    bytes(9, new Uint8Array(buffer, byteOffset, byteLength)),
  ]);
}

function rowsOf(name: string, columns: number): Uint8Array {
  const shape = message([bytes(1, message([text(2, 'rows')])), bytes(1, message([integer(1, columns)]))]);
  return message([text(1, name), bytes(2, message([bytes(1, message([integer(1, FLOAT), bytes(2, shape)]))]))]);
}

// Protocol buffers: a field is a key and a varint (wire type 0), or a key, a length and that many bytes (wire type 2).

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return message([Uint8Array.from([...varint((field << 3) | 2), ...varint(value.length)]), value]);
}

function message(fields: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(fields.reduce((sum, {length}) => sum + length, 0));
  let to = 0;
  for (const field of fields) {
    joined.set(field, to);
    to += field.length;
  }
  return joined;
}

/** Seven bits to a byte, the lowest first; all but the last byte have the top bit. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
