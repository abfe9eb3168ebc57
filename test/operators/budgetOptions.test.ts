import {expect} from 'chai';
import {OptionError, spfqPrune, spfqQuantize} from 'tfjs-compress';

describe('options of a budget that are refused when the operator is built', () => {
  const ONE_OF =
    "{bitsPerWeight}, {bytes} or {maxRelativeError}, one of them, with a positive number, for bits: 'auto'";
  for (const [options, message] of [
    [{bits: 'auto'}, `expected \`budget\` to be ${ONE_OF}, got undefined`],
    [{bits: 'auto', budget: {}}, `expected \`budget\` to be ${ONE_OF}, got {}`],
    [{bits: 'auto', budget: 3}, `expected \`budget\` to be ${ONE_OF}, got 3`],
    [{bits: 'auto', budget: {bytes: 0}}, `expected \`budget\` to be ${ONE_OF}, got {"bytes":0}`],
    [{bits: 'auto', budget: {bits: 3}}, `expected \`budget\` to be ${ONE_OF}, got {"bits":3}`],
    [
      {bits: 'auto', budget: {bytes: 9, bitsPerWeight: 3}},
      `expected \`budget\` to be ${ONE_OF}, got {"bytes":9,"bitsPerWeight":3}`,
    ],
    [{budget: {bytes: 9}}, 'expected `budget` to be absent without bits: \'auto\', got {"bytes":9}'],
    [{bits: 3, budget: {bytes: 9}}, 'expected `budget` to be absent without bits: \'auto\', got {"bytes":9}'],
    [
      {bits: 'auto', budget: {bytes: 9}, levels: 4},
      "expected `levels` to be absent with bits: 'auto', which chooses the letters, got 4",
    ],
    [
      {bits: 'auto', budget: {bytes: 9}, layout: 'symmetric'},
      "expected `layout` to be absent with bits: 'auto', which chooses the letters, got 'symmetric'",
    ],
    [{bits: 'auto', budget: {bytes: 9}, samples: 65}, 'expected `samples` to be an integer from 1 to 64, got 65'],
  ] as const) {
    it(`spfqQuantize(${JSON.stringify(options)})`, () => {
      expect(() => spfqQuantize(options as never)).to.throw(OptionError, `spfqQuantize: ${message}`);
    });
  }

  for (const [options, message] of [
    [{scope: 'all'}, "expected `scope` to be one of 'layer', 'model', got 'all'"],
    [
      {scope: 'model', threshold: 0.1},
      "expected `scope` to be 'layer' with `threshold`, which fixes how many weights are pruned, got 'model'",
    ],
    [
      {scope: 'model', pattern: '2:4'},
      "expected `scope` to be 'layer' with a pattern n:m, which prunes every layer alike, got 'model'",
    ],
  ] as const) {
    it(`spfqPrune(${JSON.stringify(options)})`, () => {
      expect(() => spfqPrune(options as never)).to.throw(OptionError, `spfqPrune: ${message}`);
    });
  }
});
