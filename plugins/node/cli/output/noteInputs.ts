import type {DiskInputs} from '../data/readingOptions.ts';
import type {Output} from './output.ts';

const MAX_LINES = 10;

/** Says what data is read, and what of it is not. */
export function noteInputs(what: string, {description, skipped}: DiskInputs, {note}: Output): void {
  note(`${what} ${description}`);
  for (const {file, reason} of skipped.slice(0, MAX_LINES)) note(`left out ${file}: ${reason}`);
  if (skipped.length > MAX_LINES) note(`left out ${skipped.length - MAX_LINES} more`);
}
