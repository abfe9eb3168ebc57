/**
 * How long something took, in seconds, over several runs. All but `cpu` by the clock on the wall, which other jobs on
 * the machine prolong.
 */
export interface Timing {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
  /** The median of the processor's time. */
  readonly cpu: number;
}

/** The result of the last run, and how long each took. */
export interface Timed<Result> {
  readonly timing: Timing;
  readonly result: Result;
}

/** How often to run. */
export interface Repeats {
  readonly runs: number;
  /** No run begins after this many seconds, but the first always does. Default: no limit. */
  readonly within?: number;
}

/** Runs `task` again and again. */
export async function timed<Result>(
  task: () => Result | Promise<Result>,
  {runs, within = Infinity}: Repeats,
): Promise<Timed<Result>> {
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  const start = performance.now();
  let result: Result;
  do {
    const begin = performance.now();
    const cpuBegin = process.cpuUsage();
    result = await task();
    seconds.push((performance.now() - begin) / 1000);
    const {user, system} = process.cpuUsage(cpuBegin);
    cpuSeconds.push((user + system) / 1e6);
  } while (seconds.length < runs && performance.now() - start < within * 1000);
  const {median, least, most} = summaryOf(seconds);
  return {timing: {median, least, most, runs: seconds.length, cpu: summaryOf(cpuSeconds).median}, result};
}

/** The middle and the ends of several values. */
export function summaryOf(values: readonly number[]): {median: number; least: number; most: number} {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return {
    median: (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2,
    least: sorted[0],
    most: sorted[sorted.length - 1],
  };
}
