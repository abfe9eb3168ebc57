import type {OptionRule} from '../../options.ts';

/** The rule of the option `selfCheck`; undefined leaves it to the backend. */
export const checkRule: OptionRule<boolean | 'decode' | undefined> = {
  fallback: undefined,
  expected: "true, false or 'decode'",
  accepts: (value) => typeof value === 'boolean' || value === 'decode',
};
