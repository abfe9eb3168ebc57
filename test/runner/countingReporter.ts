import {writeFileSync} from 'node:fs';
import {relative} from 'node:path';
import Mocha from 'mocha';
import type {Outcome} from './outcome.ts';

export interface Counts extends Outcome {
  /** The files of which at least one test has run. */
  readonly files: readonly string[];
}

// `npm run coverage` measures this process alone: in a program that a test starts, tsx compiles a file to other code,
// and c8 would take the positions of one for those of the other.
delete process.env['NODE_V8_COVERAGE'];

/** Mocha's usual report on the console, and the counts as JSON in the file that `COUNTS_FILE` names. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const files = new Set<string>();
    runner.on('test end', ({file}) => {
      if (file !== undefined) files.add(relative('.', file));
    });
    runner.once('end', () => {
      const counts: Counts = {passed: this.stats.passes, failed: this.stats.failures, files: [...files]};
      writeFileSync(process.env['COUNTS_FILE'] ?? '', JSON.stringify(counts));
    });
  }
}
