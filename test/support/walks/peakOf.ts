import {engine} from '@tensorflow/tfjs-core';

/** The most bytes of all tensors after a kernel of a run. */
export async function peakOf(run: () => Promise<unknown>): Promise<number> {
  const watched = engine();
  const runKernel = watched.runKernel.bind(watched);
  let max = 0;
  watched.runKernel = (name, inputs, attrs) => {
    const output = runKernel(name, inputs, attrs);
    max = Math.max(max, watched.memory().numBytes);
    return output as never;
  };
  try {
    await run();
  } finally {
    Reflect.deleteProperty(watched, 'runKernel');
  }
  return max;
}
