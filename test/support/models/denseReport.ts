import type {LayerReport} from 'tfjs-compress';

/** The report of a layer of 6 features and 8 neurons at 4 bits, changed where a test is about it. */
export function denseReport(changes: Partial<LayerReport> = {}): LayerReport {
  return {
    name: 'hidden',
    className: 'Dense',
    shape: [6, 8],
    matrixCount: 1,
    weights: 48,
    levels: 15,
    effectiveBits: 3.9069,
    choice: undefined,
    granularity: 'channel',
    offset: false,
    sparsity: 0,
    pruning: undefined,
    relativeError: 0.0125,
    heldOutRows: 10,
    calibrationRows: 100,
    bound: undefined,
    clippedShare: 0.001,
    deadFeatures: 2,
    alignmentError: undefined,
    damping: undefined,
    correction: undefined,
    kernel: 'reference',
    milliseconds: 12.4,
    bytes: 56,
    gzipBytes: 70,
    ...changes,
  };
}
