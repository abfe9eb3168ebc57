import {expect} from 'chai';
import {percentText, shortText} from '../../src/report/numberText.ts';
import {textTable} from '../../src/report/textTable.ts';

describe('textTable(columns, rows)', () => {
  const columns = [
    ['name', ({name}: {name: string}) => name],
    ['n', ({name}: {name: string}) => String(name.length)],
  ] as const;

  it('makes a column as wide as its widest cell, two spaces apart, without spaces at the end', () => {
    expect(textTable(columns, [{name: 'a'}, {name: 'longest'}])).to.deep.equal([
      'name     n', //
      'a        1',
      'longest  7',
    ]);
  });

  it('of no rows has the headings alone', () => {
    expect(textTable(columns, [])).to.deep.equal(['name  n']);
  });
});

describe('numbers as text', () => {
  it('percentText has two decimals', () => {
    expect([0, 0.12345, 1].map(percentText)).to.deep.equal(['0.00 %', '12.35 %', '100.00 %']);
  });

  it('shortText has three digits, of 0 only one', () => {
    expect([0, 1234.5, 0.00012345, 2].map(shortText)).to.deep.equal(['0', '1.23e+3', '0.000123', '2.00']);
  });
});
