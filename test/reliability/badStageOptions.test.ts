import {expect} from 'chai';
import {
  correct,
  gpfqQuantize,
  magnitudePrune,
  OptionError,
  optqQuantize,
  rtnQuantize,
  spfqCompress,
  spfqPrune,
  spfqQuantize,
  wandaPrune,
} from 'tfjs-compress';

const SPARSITY = 'expected `sparsity` to be a number from 0 up to, not including, 1, got ';
const PATTERN =
  "expected `pattern` to be 'unstructured', '2:4', '4:8' or {n, m} with whole numbers 1 ≤ n < m ≤ 64, got ";

/** Options as a script without types may give them, and the message, or its beginning, that they deserve. */
const REFUSED: ReadonlyArray<readonly [string, (options: never) => unknown, unknown, string]> = [
  ...(['spfqPrune', 'spfqCompress'] as const).flatMap((name) => {
    const build: (options: never) => unknown = name === 'spfqPrune' ? spfqPrune : spfqCompress;
    return [
      ...(
        [
          [-0.1, '-0.1'],
          [1, '1'],
          [1.5, '1.5'],
          [NaN, 'NaN'],
          [Infinity, 'Infinity'],
          ['0.5', "'0.5'"],
          [null, 'null'],
        ] as const
      ).map(([sparsity, shown]) => [name, build, {sparsity}, SPARSITY + shown] as const),
      ...(
        [
          ['1:4', "'1:4'"],
          ['2:4 ', "'2:4 '"],
          ['dense', "'dense'"],
          [[2, 4], '[2,4]'],
          [null, 'null'],
          [4, '4'],
          [{n: 4, m: 4}, '{"n":4,"m":4}'],
          [{n: 0, m: 4}, '{"n":0,"m":4}'],
          [{n: 5, m: 4}, '{"n":5,"m":4}'],
          [{n: 1.5, m: 4}, '{"n":1.5,"m":4}'],
          [{n: '2', m: '4'}, '{"n":"2","m":"4"}'],
          [{n: 2}, '{"n":2}'],
          [{n: 1, m: 65}, '{"n":1,"m":65}'],
          [{n: 2, m: 4, k: 1}, '{"n":2,"m":4,"k":1}'],
        ] as const
      ).map(([pattern, shown]) => [name, build, {pattern}, PATTERN + shown] as const),
      [
        name,
        build,
        {sparsity: 0.5, pattern: '2:4'},
        'expected `sparsity` to be absent with a pattern n:m, which fixes how many weights are pruned, got 0.5',
      ],
    ] as const;
  }),
  [
    'spfqPrune',
    spfqPrune,
    {sparsity: 0.5, threshold: 0.1},
    'expected `threshold` to be absent when `sparsity` is given, got 0.1',
  ],
  [
    'spfqPrune',
    spfqPrune,
    {threshold: 0.1, pattern: '2:4'},
    'expected `threshold` to be absent with a pattern n:m, which fixes how many weights are pruned, got 0.1',
  ],
  ['spfqPrune', spfqPrune, {threshold: -1}, 'expected `threshold` to be a finite number from 0 up, got -1'],
  ['spfqPrune', spfqPrune, {threshold: NaN}, 'expected `threshold` to be a finite number from 0 up, got NaN'],
  [
    'spfqPrune',
    spfqPrune,
    {threshold: 0.1, mask: 'best'},
    "expected `mask` to be 'path' or 'magnitude' with `threshold`, got 'best'",
  ],
  [
    'spfqPrune',
    spfqPrune,
    {threshold: 0.1, mask: 'wanda'},
    "expected `mask` to be 'path' or 'magnitude' with `threshold`, got 'wanda'",
  ],
  [
    'spfqPrune',
    spfqPrune,
    {bias: true, iterations: 0},
    'expected `bias` to be false with iterations: 0, because a bias correction alone does harm, got true',
  ],
  [
    'spfqPrune',
    spfqPrune,
    {mask: 'random'},
    "expected `mask` to be one of 'best', 'path', 'magnitude', 'wanda', got 'random'",
  ],
  ['spfqPrune', spfqPrune, {scaling: 0.5}, 'expected `scaling` to be a finite number from 1 up, got 0.5'],
  ['spfqPrune', spfqPrune, {iterations: -1}, 'expected `iterations` to be an integer from 0 to 1000, got -1'],
  [
    'spfqPrune',
    spfqPrune,
    {sparcity: 0.5},
    `expected \`sparcity\` to be absent (\`sparsity\` is meant?); the options are sparsity, `,
  ],
  [
    'spfqPrune',
    spfqPrune,
    {bits: 4},
    `expected \`bits\` to be absent (\`bias\` is meant?); the options are sparsity, `,
  ],
  ['spfqPrune', spfqPrune, null, 'expected `options` to be an object, got null'],
  ['spfqCompress', spfqCompress, {bits: 0}, "expected `bits` to be an integer from 1 to 8 or 'ternary', got 0"],
  ...(
    [
      ['spfqCompress', spfqCompress],
      ['rtnQuantize', rtnQuantize],
      ['gpfqQuantize', gpfqQuantize],
      ['optqQuantize', optqQuantize],
      ['magnitudePrune', magnitudePrune],
      ['wandaPrune', wandaPrune],
      ['correct', correct],
    ] as const
  ).flatMap(([name, build]) => [
    [name, build, null, 'expected `options` to be an object, got null'] as const,
    [name, build, 2, 'expected `options` to be an object, got 2'] as const,
  ]),
  ['spfqQuantize', spfqQuantize, {symmetric: 0}, 'expected `symmetric` to be true or false, got 0'],
  [
    'spfqQuantize',
    spfqQuantize,
    {symmetric: false, sweeps: 0},
    'expected `symmetric` to be true with sweeps: 0, because offsets are found by the refit, got false',
  ],
  [
    'spfqQuantize',
    spfqQuantize,
    {scaling: 'auto', sweeps: 0},
    "expected `scaling` to be a number with sweeps: 0, and without feedback: 'path', got 'auto'",
  ],
  [
    'spfqQuantize',
    spfqQuantize,
    {scaling: 'auto', feedback: 'optimal'},
    "expected `scaling` to be a number with sweeps: 0, and without feedback: 'path', got 'auto'",
  ],
  [
    'spfqCompress',
    spfqCompress,
    {scaling: 'auto'},
    "expected `scaling` to be a number, because masks of several paths cannot be mixed, got 'auto'",
  ],
  ['correct', correct, {sweeps: -1}, 'expected `sweeps` to be an integer from 0 to 100, got -1'],
  ['correct', correct, {rounds: 0}, 'expected `rounds` to be an integer from 1 to 100, got 0'],
  ['correct', correct, {batchNorm: 'yes'}, "expected `batchNorm` to be true or false, got 'yes'"],
  ['correct', correct, {scale: 'mse'}, "expected `scale` to be true or false, got 'mse'"],
  ['correct', correct, {damping: -1}, 'expected `damping` to be a finite number from 0 up, got -1'],
  [
    'correct',
    correct,
    {batchnorm: false},
    `expected \`batchnorm\` to be absent (\`batchNorm\` is meant?); the options are sweeps, `,
  ],
  ['correct', correct, {bits: 4}, `expected \`bits\` to be absent (\`bias\` is meant?); the options are sweeps, `],
];

describe('options of pruning and correcting stages that are refused when the operator is built', () => {
  for (const [name, build, options, message] of REFUSED) {
    it(`${name}: ${message}`, () => {
      expect(() => build(options as never)).to.throw(OptionError, `${name}: ${message}`);
    });
  }

  it('an unknown option of spfqCompress suggests those of both of its halves', () => {
    expect(() => spfqCompress({sparcity: 0.5} as never)).to.throw(
      OptionError,
      /^spfqCompress: expected `sparcity` to be absent \(`sparsity` is meant\?\); the options are .*\bbits\b/,
    );
    expect(() => spfqCompress({bist: 2} as never)).to.throw(
      OptionError,
      /^spfqCompress: expected `bist` to be absent \(`bits` is meant\?\); the options are .*\bsparsity\b/,
    );
  });

  it('options that are undefined count as absent', () => {
    for (const build of [
      () => spfqPrune({sparsity: undefined, pattern: undefined} as never),
      () => spfqCompress({sparsity: undefined, pattern: undefined} as never),
      () => correct({sweeps: undefined} as never),
      () => gpfqQuantize({bits: undefined} as never),
    ])
      expect(build).not.to.throw();
  });
});
