import type {DiskInputs} from '../../../../../plugins/node/cli/data/readingOptions.ts';

/** All batches of a reading, out of tensors. */
export async function readAll(
  inputs: DiskInputs,
): Promise<{readonly shape: readonly number[]; readonly values: number[]}[]> {
  const batches = [];
  for await (const batch of inputs.read()) {
    batches.push({shape: batch.shape, values: Array.from(await batch.data())});
    batch.dispose();
  }
  return batches;
}
