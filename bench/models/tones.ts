const RATE = 22050;
const NOTES_PER_SECOND = 6;
const MAX_HARMONICS = 8;

/**
 * Music of a kind to calibrate on, which has nothing of the recording that is tested: notes at random times from A1 to
 * G♯6, with up to eight harmonics that fade, and a little noise.
 * @returns mono at 22,050 Hz
 */
export function tones(seed: number, samples: number): Float32Array {
  const next = numbers(seed);
  const sound = new Float32Array(samples);
  for (let count = Math.round((samples / RATE) * NOTES_PER_SECOND); count > 0; count--) addNote(sound, next);
  return sound.map((value) => value + 0.002 * (next() - 0.5));
}

function addNote(sound: Float32Array, next: () => number): void {
  const frequency = 440 * 2 ** ((Math.floor(next() * 60) - 36) / 12);
  const start = Math.floor(next() * sound.length);
  const end = Math.min(sound.length, start + Math.floor((0.1 + next()) * RATE));
  const [loudness, decay, tilt] = [0.05 + 0.2 * next(), 1 + 4 * next(), 1.3 + next()];
  for (let i = start; i < end; i++) {
    const time = (i - start) / RATE;
    let wave = 0;
    for (let h = 1; h <= MAX_HARMONICS && h * frequency < 10_000; h++)
      wave += Math.sin(2 * Math.PI * h * frequency * time) / h ** tilt;
    sound[i] += loudness * wave * Math.exp(-decay * time) * Math.min(1, (i - start) / 200);
  }
}

/** Uniform numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = (seed * 7919 + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
