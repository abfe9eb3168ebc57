import {formatValue, OptionError} from './errors.ts';

/** The rule of an option: its default, and which values it accepts. */
export interface OptionRule<Value> {
  readonly fallback: Value;
  /** Completes "expected `x` to be …". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

/** A rule for every option. */
export type OptionRules<Options extends object> = {readonly [Key in keyof Options]-?: OptionRule<Options[Key]>};

/**
 * Checks and completes user options, once: the result needs no further checks.
 * @param where the operator, as the caller wrote it
 * @param others further options of the operator, for the message about an unknown one
 * @throws OptionError for a value that its rule refuses, and for an unknown key
 */
export function resolveOptions<Options extends object>(
  where: string,
  given: Partial<Options>,
  rules: OptionRules<Options>,
  others: readonly string[] = [],
): Options {
  requireObject(where, given);
  const known = Object.keys(rules);
  for (const key of Object.keys(given)) {
    if (!known.includes(key))
      throw new OptionError(where, key, describeUnknown(key, [...others, ...known]), Reflect.get(given, key));
  }
  const resolved = Object.entries<OptionRule<unknown>>(rules).map(([key, rule]) => {
    const value: unknown = Reflect.get(given, key);
    if (value === undefined) return [key, rule.fallback];
    if (!rule.accepts(value)) throw new OptionError(where, key, rule.expected, value);
    return [key, value];
  });
  return Object.fromEntries(resolved) as Options;
}

/**
 * Refuses a value that is not a set of options.
 * @param where the operator, as the caller wrote it
 * @throws OptionError
 */
export function requireObject(where: string, given: unknown): void {
  if (typeof given !== 'object' || given === null) throw new OptionError(where, 'options', 'an object', given);
}

function describeUnknown(key: string, known: readonly string[]): string {
  const nearest =
    known.find((name) => name.toLowerCase() === key.toLowerCase()) ?? known.find((name) => isOneEditAway(name, key));
  return `absent${nearest === undefined ? '' : ` (\`${nearest}\` is meant?)`}; the options are ${known.join(', ')}`;
}

/** A combination of options that is refused: whether it was given, the option to name, and what that must be. */
export type Conflict<Options> = readonly [isGiven: boolean, option: keyof Options & string, expected: string];

/**
 * Refuses options that contradict each other.
 * @throws OptionError for the first conflict that was given
 */
export function refuseConflicts<Options extends object>(
  where: string,
  options: Options,
  conflicts: ReadonlyArray<Conflict<Options>>,
): void {
  const found = conflicts.find(([isGiven]) => isGiven);
  if (found) throw new OptionError(where, found[1], found[2], options[found[1]]);
}

/** Whether one letter was changed, added, left out, or swapped with the next. */
function isOneEditAway(name: string, key: string): boolean {
  let start = 0;
  while (start < key.length && name[start] === key[start]) start++;
  const [rest, typed] = [name.slice(start), key.slice(start)];
  return (
    rest.slice(1) === typed.slice(1) ||
    rest === typed.slice(1) ||
    rest.slice(1) === typed ||
    rest === `${typed.charAt(1)}${typed.charAt(0)}${typed.slice(2)}`
  );
}

/** An integer from `min` to `max`. */
export function integer<Value extends number | undefined>(
  fallback: Value,
  min: number,
  max = Infinity,
): OptionRule<Value> {
  return {
    fallback,
    expected: max === Infinity ? `an integer from ${min} up` : `an integer from ${min} to ${max}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  };
}

/** A finite number from `min` to `max`. */
export function number<Value extends number | undefined>(
  fallback: Value,
  min: number,
  max = Infinity,
): OptionRule<Value> {
  return {
    fallback,
    expected: max === Infinity ? `a finite number from ${min} up` : `a number from ${min} to ${max}`,
    accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max,
  };
}

/** One of some values. */
export function oneOf<Value>(fallback: Value, values: readonly Value[]): OptionRule<Value> {
  return {
    fallback,
    expected: `one of ${values.map(formatValue).join(', ')}`,
    accepts: (value) => values.some((one) => one === value),
  };
}

/** true or false. */
export function flag<Value extends boolean | undefined>(fallback: Value): OptionRule<Value> {
  return {fallback, expected: 'true or false', accepts: (value) => typeof value === 'boolean'};
}

const MEBIBYTE = 2 ** 20;

/** Bytes that live activations may take between layers. */
export const memoryRule = integer<number>(512 * MEBIBYTE, MEBIBYTE);

/** The seed of a source. */
export const seedRule = integer<number>(0, 0, Number.MAX_SAFE_INTEGER);

/** The seed of a stage; undefined is the seed of the pipeline. */
export const stageSeedRule: OptionRule<number | undefined> = {...seedRule, fallback: undefined};

/** Whether packed layers are compared with their float32 counterparts; undefined where the backend decides. */
export const selfCheckRule: OptionRule<boolean | 'decode' | undefined> = {
  fallback: undefined,
  expected: "true, false or 'decode'",
  accepts: (value) => typeof value === 'boolean' || value === 'decode',
};
