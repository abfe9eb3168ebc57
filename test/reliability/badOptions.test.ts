import {expect} from 'chai';
import {
  calibrate,
  compress,
  CompressError,
  DataError,
  evaluate,
  fit,
  OptionError,
  progress,
  spfqQuantize,
  trainEnd,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork} from '../support/models/smallNetworks.ts';

const QUANTIZE_OPTIONS =
  'budget, bits, levels, layout, symmetric, granularity, scale, alignment, order, feedback, damping, scaling, ' +
  'rounding, samples, sweeps, rounds, pairs, ridge, bias, dead, seed, include, exclude, memory, strictKernels';

/** Options as a script without types may give them, and the message that they deserve. */
const REFUSED: ReadonlyArray<readonly [object | null | number | string, string]> = [
  [{bits: 0}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got 0"],
  [{bits: 9}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got 9"],
  [{bits: 2.5}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got 2.5"],
  [{bits: 'two'}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got 'two'"],
  [{bits: '2'}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got '2'"],
  [{bits: NaN}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got NaN"],
  [{bits: null}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got null"],
  [{levels: 1}, 'expected `levels` to be an integer from 2 to 256, got 1'],
  [{levels: 257}, 'expected `levels` to be an integer from 2 to 256, got 257'],
  [{bits: 4, levels: 17}, 'expected `levels` to be absent when `bits` is given, got 17'],
  [{layout: 'assymetric'}, "expected `layout` to be one of 'symmetric', 'midrise', 'twosComplement', got 'assymetric'"],
  [
    {levels: 4, layout: 'symmetric'},
    "expected `layout` to be 'midrise' or 'twosComplement' for levels: 4, got 'symmetric'",
  ],
  [{levels: 5, layout: 'midrise'}, "expected `layout` to be 'symmetric' for levels: 5, got 'midrise'"],
  [
    {bits: 1, layout: 'symmetric'},
    "expected `layout` to be 'midrise' or 'twosComplement' for bits: 1, got 'symmetric'",
  ],
  [{bits: 'ternary', layout: 'midrise'}, "expected `layout` to be 'symmetric' for bits: 'ternary', got 'midrise'"],
  [
    {samples: 4, rounding: 'nearest'},
    "expected `samples` to be 1 with rounding: 'nearest', whose paths are all the same, got 4",
  ],
  [{samples: 65}, 'expected `samples` to be an integer from 1 to 64, got 65'],
  [
    {bias: true, sweeps: 0},
    'expected `bias` to be false with sweeps: 0, because a bias correction without refitted scales does harm, got true',
  ],
  [
    {granularity: {group: 0}},
    "expected `granularity` to be 'tensor', 'channel' or {group: an integer from 1 up}, got {\"group\":0}",
  ],
  [
    {granularity: 'layer'},
    "expected `granularity` to be 'tensor', 'channel' or {group: an integer from 1 up}, got 'layer'",
  ],
  [{scaling: 0.5}, "expected `scaling` to be a finite number from 1 up, or 'auto', got 0.5"],
  [{damping: Infinity}, 'expected `damping` to be a finite number from 0 up, got Infinity'],
  [{strictKernels: 1}, 'expected `strictKernels` to be true or false, got 1'],
  [{seed: -1}, 'expected `seed` to be an integer from 0 to 9007199254740991, got -1'],
  [{memory: 1000}, 'expected `memory` to be an integer from 1048576 up, got 1000'],
  [{include: []}, 'expected `include` to be a name, a RegExp, a predicate, or a list of these, got []'],
  [{exclude: 3}, 'expected `exclude` to be a name, a RegExp, a predicate, or a list of these, got 3'],
  [{bit: 2}, `expected \`bit\` to be absent (\`bits\` is meant?); the options are ${QUANTIZE_OPTIONS}, got 2`],
  [{bist: 2}, `expected \`bist\` to be absent (\`bits\` is meant?); the options are ${QUANTIZE_OPTIONS}, got 2`],
  [
    {Samples: 2},
    `expected \`Samples\` to be absent (\`samples\` is meant?); the options are ${QUANTIZE_OPTIONS}, got 2`,
  ],
  [
    {excludes: 'a'},
    `expected \`excludes\` to be absent (\`exclude\` is meant?); the options are ${QUANTIZE_OPTIONS}, got 'a'`,
  ],
  [{quality: 'best'}, `expected \`quality\` to be absent; the options are ${QUANTIZE_OPTIONS}, got 'best'`],
  [null, 'expected `options` to be an object, got null'],
  [2, 'expected `options` to be an object, got 2'],
];

describe('options that are refused when the operator is built', () => {
  for (const [options, message] of REFUSED) {
    it(`spfqQuantize(${shownOptions(options)})`, () => {
      const error = thrownBy(() => spfqQuantize(options as never));
      expect(error).to.be.instanceOf(OptionError);
      expect(error.message).to.equal(`spfqQuantize: ${message}`);
    });
  }

  it('an OptionError says where, which option, what was expected and what came', () => {
    const error = thrownBy(() => spfqQuantize({bits: 9 as never})) as OptionError;
    expect(error).to.be.instanceOf(CompressError).and.instanceOf(Error);
    expect(error).to.include({
      name: 'OptionError',
      where: 'spfqQuantize',
      option: 'bits',
      expected: "an integer from 1 to 8 or 'ternary'",
      actual: 9,
    });
  });

  it('an option that is undefined counts as absent', () => {
    expect(() => spfqQuantize({bits: undefined, layout: undefined} as never)).not.to.throw();
  });

  for (const [given, shown] of [
    [null, 'null'],
    [42, '42'],
    [undefined, 'undefined'],
    ['x', "'x'"],
    [[], '[]'],
    [{}, '{}'],
    [[[1, 2]], '[[1,2]]'],
  ] as const) {
    it(`calibrate(${shown}) throws a DataError`, () => {
      const error = thrownBy(() => calibrate(given as never));
      expect(error).to.be.instanceOf(DataError);
      expect(error.message).to.equal(
        `calibrate: expected tensors, a tf.data.Dataset, an async iterable or a function that opens one, got ${shown}`,
      );
    });

    it(`evaluate(${shown}) throws a DataError`, () => {
      const error = thrownBy(() => evaluate(given as never));
      expect(error).to.be.instanceOf(DataError);
      expect(error.message).to.equal(
        `evaluate: expected {xs, ys}, a tf.data.Dataset, an async iterable or a function that opens one, got ${shown}`,
      );
    });
  }

  it('progress refuses anything but a function or an object with next', () => {
    for (const observer of [null, undefined, 3, {}, {next: 3}]) {
      expect(thrownBy(() => progress(observer as never)).message).to.match(
        /^progress: expected `observer` to be a function, or an object with a method `next`, got /,
      );
    }
  });

  onBackends(['cpu'], () => {
    it('every source and stage refuses options that it does not know', () => {
      const network = denseNetwork();
      for (const [build, message] of [
        [
          () => compress(network, {sed: 1} as never),
          'compress: expected `sed` to be absent (`seed` is meant?); the options are seed, got 1',
        ],
        [
          () => fit(network, {}, {}, {}, {sample: 1} as never),
          'fit: expected `sample` to be absent (`samples` is meant?); the options are seed, samples, got 1',
        ],
        [
          () => trainEnd({every: 2} as never),
          'trainEnd: expected `every` to be absent; the options are seed, onError, got 2',
        ],
        [
          () => calibrate(() => [], {batch: 2} as never),
          'calibrate: expected `batch` to be absent; the options are samples, batchSize, rows, seed, got 2',
        ],
        [() => calibrate(() => [], {samples: 0}), 'calibrate: expected `samples` to be an integer from 1 up, got 0'],
        [
          () => calibrate(() => [], {batchSize: 1.5}),
          'calibrate: expected `batchSize` to be an integer from 1 up, got 1.5',
        ],
        [() => evaluate(() => [], {batchSize: 0}), 'evaluate: expected `batchSize` to be an integer from 1 up, got 0'],
        [
          () => compress(network, {seed: 0.5}),
          'compress: expected `seed` to be an integer from 0 to 9007199254740991, got 0.5',
        ],
      ] as const) {
        expect(thrownBy(build).message).to.equal(message);
      }
      network.dispose();
    });
  });
});

function thrownBy(build: () => unknown): Error {
  try {
    build();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, none was thrown');
}

function shownOptions(options: unknown): string {
  return JSON.stringify(options, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}
