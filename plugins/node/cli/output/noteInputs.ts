import type {DiskInputs} from '../data/openInputs.ts';
import type {Speech} from './output.ts';

const MOST_LINES = 10;

/** Says what data is read, and what of it is not. */
export function noteInputs(what: string, {description, skipped}: DiskInputs, {note}: Speech): void {
  note(`${what} ${description}`);
  for (const {file, reason} of skipped.slice(0, MOST_LINES)) note(`left out ${file}: ${reason}`);
  if (skipped.length > MOST_LINES) note(`left out ${skipped.length - MOST_LINES} more`);
}
