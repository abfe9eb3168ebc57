/**
 * The WGSL counterpart of `philox4x32` and of its uniform numbers in src/numerics/random.ts: `philox4x32(counter, key)`
 * and `toUniform(word)`. Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3".
 */
export const philox = /* wgsl */ `
  const PHILOX_ROUNDS = 10;
  const PHILOX_MULTIPLIERS = vec2<u32>(0xd2511f53u, 0xcd9e8d57u);
  const PHILOX_KEY_STEPS = vec2<u32>(0x9e3779b9u, 0xbb67ae85u);

  fn philox4x32(counter : vec4<u32>, key : vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var round = 0; round < PHILOX_ROUNDS; round++) {
      let high0 = multiplyHigh(PHILOX_MULTIPLIERS.x, c.x);
      let low0 = PHILOX_MULTIPLIERS.x * c.x;
      let high1 = multiplyHigh(PHILOX_MULTIPLIERS.y, c.z);
      let low1 = PHILOX_MULTIPLIERS.y * c.z;
      c = vec4<u32>(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0);
      k += PHILOX_KEY_STEPS;
    }
    return c;
  }

  // The upper word of the 64-bit product; no partial sum reaches 2^32.
  fn multiplyHigh(a : u32, b : u32) -> u32 {
    let aLow = a & 0xffffu;
    let aHigh = a >> 16u;
    let bLow = b & 0xffffu;
    let bHigh = b >> 16u;
    let middle = aHigh * bLow + ((aLow * bLow) >> 16u);
    let carry = (middle & 0xffffu) + aLow * bHigh;
    return aHigh * bHigh + (middle >> 16u) + (carry >> 16u);
  }

  // The upper 24 bits of a word as a number in [0, 1), exact in f32.
  fn toUniform(word : u32) -> f32 {
    return f32(word >> 8u) * 0x1p-24;
  }`;
