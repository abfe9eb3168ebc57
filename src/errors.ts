/** The base of every error that this library throws on purpose. */
export class CompressError extends Error {
  /** The name of the class. */
  override name = 'CompressError';

  /** @param message which may quote what a file says: see `readable` */
  constructor(message: string, options?: ErrorOptions) {
    super(readable(message), options);
  }
}

/** An option that no pipeline can be built with. Thrown when the operator is built. */
export class OptionError extends CompressError {
  /** The name of the class. */
  override name = 'OptionError' as const;

  /**
   * @param where the operator, as the caller wrote it
   * @param option the name of the option
   * @param expected what it must be
   * @param actual what came
   */
  constructor(
    readonly where: string,
    readonly option: string,
    readonly expected: string,
    readonly actual: unknown,
  ) {
    super(`${where}: expected \`${option}\` to be ${expected}, got ${formatValue(actual)}`);
  }
}

/** Calibration or evaluation data that does not fit the model. */
export class DataError extends CompressError {
  /** The name of the class. */
  override name = 'DataError' as const;
}

/** A model that cannot be compressed as it is. */
export class ModelError extends CompressError {
  /** The name of the class. */
  override name = 'ModelError' as const;
}

/** A backend or kernel that was asked for and is not there. */
export class BackendError extends CompressError {
  /** The name of the class. */
  override name = 'BackendError' as const;
}

/** A packed model, or a file of one, that is damaged, was edited, or is something else. */
export class ArtifactError extends CompressError {
  /** The name of the class. */
  override name = 'ArtifactError' as const;
}

/**
 * The error for a file whose content this library never writes.
 * @param finding the entry, what it must be, and what was found
 */
export function damagedFile(finding: string, options?: ErrorOptions): ArtifactError {
  return new ArtifactError(`${finding}; the file is damaged or was edited`, options);
}

/**
 * A text fit for a message and a terminal, whatever a stranger's file says: names of layers and operators may have
 * megabytes, and characters that move the cursor or turn the direction of writing. These are shown as `\\u{1b}`; of a
 * long text, which begins with the place and ends with what to do, the middle is left out.
 */
export function readable(text: string, most = LONGEST_MESSAGE): string {
  return clip(
    clip(text, most).replaceAll(UNREADABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`),
    most,
  );
}

/** As many characters at most, as those that were replaced are longer. */
function clip(text: string, most: number): string {
  const gap = ' … ';
  const tail = Math.floor(most / 4);
  return text.length <= most ? text : `${text.slice(0, most - gap.length - tail)}${gap}${text.slice(-tail)}`;
}

const LONGEST_MESSAGE = 1900;
/** Control characters but tab and line feed, and those that turn the direction of writing. */
const UNREADABLE = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The message of anything that was thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

const LONGEST_VALUE = 200;

/** A value as it would be written in a script, with its type where that is the point. */
export function formatValue(value: unknown): string {
  if (typeof value === 'string') return `'${readable(value, LONGEST_VALUE)}'`;
  if (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean' ||
    value === null ||
    value === undefined
  )
    return String(value);
  if (value instanceof RegExp) return value.toString();
  if (typeof value === 'function') return 'a function';
  try {
    return JSON.stringify(value).slice(0, 120);
  } catch {
    return `a ${typeof value}`;
  }
}
