import {readFile} from 'node:fs/promises';

/** A 63-tap half-band filter: a sinc of half the band under a Hann window. */
const HALF_BAND = Float64Array.from({length: 63}, (_, k) => {
  const t = k - 31;
  return (t === 0 ? 0.5 : Math.sin((Math.PI * t) / 2) / (Math.PI * t)) * (0.5 + 0.5 * Math.cos((Math.PI * t) / 32));
});

/**
 * A recording of 44,100 Hz at half its rate.
 * @param path a WAV file of one channel of 16 bits
 * @returns mono at 22,050 Hz, from −1 to 1
 */
export async function recording(path: string): Promise<Float32Array> {
  const wav = await readFile(path);
  const format = [wav.toString('latin1', 0, 4), wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)].join(
    ' ',
  );
  if (format !== 'RIFF 1 44100 16')
    throw new Error(`${path}: expected a WAV file of one channel, 44100 Hz and 16 bits, got ${format}`);
  const sound = Float32Array.from({length: (wav.length - 44) >> 1}, (_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
  return Float32Array.from({length: sound.length >> 1}, (_, i) =>
    HALF_BAND.reduce((sum, tap, k) => sum + tap * (sound[2 * i + k - 31] ?? 0), 0),
  );
}
