import {CompressError} from '../../errors.ts';
import type {SelfCheckReport} from '../../report/selfCheckReport.ts';

/** A packed layer that does not compute on this device what its weights say. */
export class SelfCheckError extends CompressError {
  /** The name of the class. */
  override name = 'SelfCheckError' as const;

  /** @param report of all packed layers, those that passed too */
  constructor(
    message: string,
    readonly report: SelfCheckReport,
  ) {
    super(message);
  }
}
