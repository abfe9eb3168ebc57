/** What came of a number of tests. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

export const nothing: Outcome = {passed: 0, failed: 0};

export function sum(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce(
    (total, {passed, failed}) => ({passed: total.passed + passed, failed: total.failed + failed}),
    nothing,
  );
}

/** Prints an error and counts it as one failure, so that the closing line is printed whatever happens. */
export async function attempt(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error));
  }
}

export function failure(message: string): Outcome {
  console.error(`\n  FAILED: ${message}\n`);
  return {passed: 0, failed: 1};
}
