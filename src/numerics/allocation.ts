/** One way to compress a layer. */
export interface AllocationOption {
  /** Its share of the budget, 0 or more. */
  readonly cost: number;
  /** What it adds to the sum that is minimised. */
  readonly error: number;
}

/** The maximum number of partial sums that are kept; beyond it, one in each of as many equal parts of the budget. */
const MAX_SUMS = 1024;

/**
 * Chooses one option of every layer: the combination with the least sum of errors among those within the budget.
 *
 * Dynamic programming, layer after layer, over the Pareto frontier of sums (cost, error). Exact while it has at most
 * 1,024 sums; beyond that no worse than the best for a budget smaller by one part in 1,024 per layer.
 * (Greedy steps along convex hulls, the customary way since Shoham & Gersho 1988, fail where one layer holds most of
 * the weights: its one step is most of the budget.)
 * @param layers the options of each, in any order
 * @returns by layer the index of its option; undefined if even the cheapest options exceed the budget
 */
export function allocate(layers: ReadonlyArray<readonly AllocationOption[]>, budget: number): number[] | undefined {
  let left = layers.reduce((sum, options) => sum + findCheapest(options), 0);
  if (left > budget) return undefined;
  let frontier: readonly Sum[] = [{cost: 0, error: 0, chosen: undefined}];
  for (const options of layers) {
    left -= findCheapest(options);
    const max = budget - left;
    const sums = frontier.flatMap((before) =>
      options.map((option, index): Sum => ({
        cost: before.cost + option.cost,
        error: before.error + option.error,
        chosen: {index, before},
      })),
    );
    frontier = thinOut(dropDominated(sums.filter(({cost}) => cost <= max)), budget);
  }
  return choices(frontier[frontier.length - 1]);
}

/** Costs and errors of the layers so far, and the options chosen for them as a linked list. */
interface Sum extends AllocationOption {
  readonly chosen: {readonly index: number; readonly before: Sum} | undefined;
}

function findCheapest(options: readonly AllocationOption[]): number {
  return Math.min(...options.map(({cost}) => cost));
}

/** The Pareto frontier: by ascending cost, with strictly falling errors. */
function dropDominated(sums: readonly Sum[]): Sum[] {
  let min = Infinity;
  return [...sums]
    .sort((one, other) => one.cost - other.cost || one.error - other.error)
    .filter(({error}) => {
      const isBetter = error < min;
      if (isBetter) min = error;
      return isBetter;
    });
}

/** Keeps, in each equal part of the budget, the sum with the least error, which is the last one there. */
function thinOut(frontier: readonly Sum[], budget: number): readonly Sum[] {
  if (frontier.length <= MAX_SUMS) return frontier;
  const partOf = ({cost}: Sum) => Math.floor((cost / budget) * MAX_SUMS);
  return frontier.filter((sum, i) => i === frontier.length - 1 || partOf(frontier[i + 1]) !== partOf(sum));
}

function choices({chosen}: Sum): number[] {
  const indices: number[] = [];
  for (let last = chosen; last; last = last.before.chosen) indices.unshift(last.index);
  return indices;
}
