/**
 * Codes as a dense stream of bits: code k fills bits k·b … k·b + b − 1, least significant first, in 32-bit words.
 * With 1, 2, 4 and 8 bits no code crosses a word.
 * @param codes integers from 0 to 2^b − 1
 * @param bits b, 1 to 8
 * @returns ⌈length · b / 32⌉ words
 * @throws RangeError if a code does not fit, with its index
 */
export function packCodes(codes: ArrayLike<number>, bits: number): Uint32Array {
  requireBits('packCodes', bits);
  const words = new Uint32Array(Math.ceil((codes.length * bits) / 32));
  for (let k = 0; k < codes.length; k++) {
    const code = codes[k];
    if (!(Number.isInteger(code) && code >= 0 && code < 2 ** bits)) {
      throw new RangeError(`packCodes: expected codes from 0 to ${2 ** bits - 1}, got ${code} at ${k}`);
    }
    const at = k * bits;
    const offset = at & 31;
    words[at >>> 5] |= code << offset;
    if (offset + bits > 32) words[(at >>> 5) + 1] |= code >>> (32 - offset);
  }
  return words;
}

/**
 * The codes that {@link packCodes} packed.
 * @param length how many codes
 * @throws RangeError if `words` has another length than `length` codes take
 */
export function unpackCodes(words: Uint32Array, bits: number, length: number): Uint8Array {
  requireBits('unpackCodes', bits);
  const expected = Math.ceil((length * bits) / 32);
  if (words.length !== expected)
    throw new RangeError(`unpackCodes: expected ${expected} words for ${length} codes, got ${words.length}`);
  const mask = 2 ** bits - 1;
  return Uint8Array.from({length}, (_, k) => {
    const at = k * bits;
    const offset = at & 31;
    const low = words[at >>> 5] >>> offset;
    const high = offset + bits > 32 ? words[(at >>> 5) + 1] << (32 - offset) : 0;
    return (low | high) & mask;
  });
}

function requireBits(where: string, bits: number): void {
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= 8)) {
    throw new RangeError(`${where}: expected \`bits\` to be an integer from 1 to 8, got ${bits}`);
  }
}
