import {CompressError} from '../../errors.ts';
import type {SelfCheckReport} from '../../report/selfCheckReport.ts';

/** A packed layer computes something else on this device than its float32 weights would. */
export class SelfCheckError extends CompressError {
  /** The name of the class. */
  override name = 'SelfCheckError' as const;

  /** @param report the check of all packed layers, including those that passed */
  constructor(
    message: string,
    readonly report: SelfCheckReport,
  ) {
    super(message);
  }
}
