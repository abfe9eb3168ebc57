import {readable} from '../../files/readable.ts';
import type {RunOptions} from '../commands/sharedOptions.ts';

/** Console output, filtered by --quiet and --json. */
export interface Output {
  /** Results, on stdout; not with --quiet, and not beside a document. */
  print(lines: readonly string[]): void;
  /** The result as a document, with --json. */
  document(content: object): void;
  /** What is good to know, on stderr; not with --quiet. */
  note(line: string): void;
  /** How wide lines may be. */
  readonly width: number;
  /** Whether there is someone to look at progress. */
  readonly isQuiet: boolean;
  /** A heading, where the terminal can show one. */
  heading(text: string): string;
}

/** Speaks as the options say. */
export function createOutput({json, quiet}: RunOptions): Output {
  const {stdout, stderr} = process;
  const hasColours = stdout.isTTY && stdout.hasColors(); // no, where NO_COLOR is set
  return {
    print(lines) {
      if (!json && !quiet) stdout.write(`${lines.map(printable).join('\n')}\n`);
    },
    document(content) {
      if (json) stdout.write(`${JSON.stringify(content, undefined, 2)}\n`);
    },
    note(line) {
      if (!quiet) stderr.write(`${readable(line)}\n`);
    },
    width: stdout.isTTY ? Math.max(40, stdout.columns) : Infinity,
    isQuiet: quiet ?? false,
    heading: (text) => (hasColours ? `${BOLD}${text}${NOT_BOLD}` : text),
  };
}

/** Names come from files of strangers: only what this program itself makes bold reaches the terminal as it is. */
function printable(line: string): string {
  return line.startsWith(BOLD) && line.endsWith(NOT_BOLD)
    ? `${BOLD}${readable(line.slice(BOLD.length, -NOT_BOLD.length), Infinity)}${NOT_BOLD}`
    : readable(line, Infinity);
}

const BOLD = '\u001b[1m';
const NOT_BOLD = '\u001b[22m';

/**
 * A paragraph in lines that fit.
 * @param indent of all lines but the first
 */
export function wrapText(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
