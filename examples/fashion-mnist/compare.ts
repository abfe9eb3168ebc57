import * as tf from '@tensorflow/tfjs';
import {finalize, lastValueFrom, of, type OperatorFunction, pipe} from 'rxjs';
import {
  calibrate,
  type Compression,
  correct,
  pack,
  progress,
  rtnQuantize,
  spfqCompress,
  spfqQuantize,
} from 'tfjs-compress';
import {compressionBar} from './bars.ts';
import type {FashionMnist, LabelledImages} from './data.ts';
import type {MethodResult} from './table.ts';
import {quantizeUint8} from './uint8.ts';

/** What to compare. */
export interface ComparisonOptions {
  /** Calibration images. */
  readonly samples: number;
  /** One compression for each of them; accuracies are averaged. */
  readonly seeds: readonly number[];
  /** Also the bare stochastic path of the paper. */
  readonly paper: boolean;
  /** Sees the report of every compression. */
  readonly onReport: (report: string) => void;
  /** Sees every packed model of the first seed, before it is disposed of. */
  readonly onModel: (name: string, model: tf.LayersModel) => Promise<void>;
}

const WIDTHS = [8, 4, 3, 2, 'ternary', 1] as const;

type Stage = OperatorFunction<Compression, Compression>;

/**
 * Compresses a model to every width by every method, and measures each on the test images. The first result is the
 * model itself.
 */
export async function compareMethods(
  from: Compression,
  data: FashionMnist,
  options: ComparisonOptions,
): Promise<MethodResult[]> {
  const {bytesBefore} = from.report.size;
  const results: MethodResult[] = [
    {
      method: 'float',
      bits: 32,
      accuracies: [await accuracyOf(from.original, data.test)],
      bytes: bytesBefore,
      gzipBytes: bytesBefore,
    },
    await uint8Result(from.original, data.test),
  ];
  for (const bits of WIDTHS) {
    results.push(await methodResult('path following', bits, spfqQuantize({bits}), from, data, options));
    // One stochastic path, nothing after it.
    if (options.paper && bits !== 8 && bits !== 1)
      results.push(
        await methodResult('SPFQ of the paper', bits, spfqQuantize({bits, samples: 1, sweeps: 0}), from, data, options),
      );
    // Nearest rounding learns nothing from data; a few samples are enough to report its error.
    results.push(
      await methodResult('nearest', bits, rtnQuantize({bits}), from, data, {...options, samples: 64, seeds: [0]}),
    );
  }
  results.push(
    await methodResult(
      'half pruned in the same pass',
      4,
      pipe(spfqCompress({sparsity: 0.5, bits: 4}), correct()),
      from,
      data,
      options,
    ),
  );
  return results;
}

async function methodResult(
  method: string,
  bits: number | 'ternary',
  stages: Stage,
  from: Compression,
  {train, test}: FashionMnist,
  options: ComparisonOptions,
): Promise<MethodResult> {
  const accuracies: number[] = [];
  let last: Omit<MethodResult, 'accuracies'> | undefined;
  for (const seed of options.seeds) {
    const bar = compressionBar(`${method}, ${bits}${bits === 'ternary' ? '' : ' bits'}`);
    const pipeline = of({...from, seed}).pipe(
      calibrate(train.x, {samples: options.samples}),
      progress(bar.show),
      stages,
      pack(),
      finalize(bar.stop),
    );
    const small = await lastValueFrom(pipeline);
    options.onReport(String(small.report));
    accuracies.push(await accuracyOf(small.model, test));
    const {
      layers: [{levels, effectiveBits}],
      size,
    } = small.report;
    last = {method, bits: effectiveBits, levels, bytes: size.bytesAfter, gzipBytes: size.gzipBytesAfter};
    if (seed === options.seeds[0]) await options.onModel(`${method}, ${bits}`.replaceAll(/[ ,]+/g, '-'), small.model);
    small.dispose();
  }
  if (!last) throw new Error('compareMethods: expected at least one seed');
  return {...last, accuracies};
}

async function uint8Result(model: tf.LayersModel, test: LabelledImages): Promise<MethodResult> {
  const {model: rounded, bytes, gzipBytes} = await quantizeUint8(model);
  const accuracy = await accuracyOf(rounded, test);
  rounded.dispose();
  return {method: 'tfjs-converter uint8', bits: 8, levels: 256, accuracies: [accuracy], bytes, gzipBytes};
}

async function accuracyOf(model: tf.LayersModel, {x, y}: LabelledImages): Promise<number> {
  const right = tf.tidy(() => {
    const scores = model.predict(x, {batchSize: 250}) as tf.Tensor;
    return tf.mean(tf.cast(tf.equal(tf.argMax(scores, 1), tf.argMax(y, 1)), 'float32'));
  });
  const [accuracy] = await right.data();
  right.dispose();
  return accuracy;
}
