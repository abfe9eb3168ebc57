import {engine} from '@tensorflow/tfjs-core';

/** The most bytes that tensors took since the watch began. */
export interface TensorWatch {
  readonly maxBytes: number;
  /** Ends it. */
  stop(): void;
}

/** Notes the bytes of all tensors after every kernel, when its output and all that it was made from are held. */
export function watchTensors(): TensorWatch {
  const watched = engine();
  const {runKernel} = watched;
  let maxBytes = 0;
  watched.runKernel = (name, inputs, attrs) => {
    const output = runKernel.call(watched, name, inputs, attrs);
    maxBytes = Math.max(maxBytes, watched.memory().numBytes);
    return output as never;
  };
  return {
    get maxBytes() {
      return maxBytes;
    },
    stop: () => {
      watched.runKernel = runKernel;
    },
  };
}
