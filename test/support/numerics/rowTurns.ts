/** Which rows are meant. */
export type RowChoice = (row: number) => boolean;

/** Place among 16, one further in every 16 rows. */
const turnOf = (row: number): number => (row + Math.floor(row / 16)) % 16;

/** One row of every 16 is held out, the others are calibrated on. */
export const isHeldBack: RowChoice = (row) => turnOf(row) === 15;

/** One of every 16 shows errors of calibrated rows. */
export const isWitness: RowChoice = (row) => turnOf(row) === 0;
