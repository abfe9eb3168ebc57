import {expect} from 'chai';
import {formatValue, ModelError, readable} from '../src/errors.ts';

describe('messages that quote a file', () => {
  it('show characters that move the cursor or turn the direction of writing', () => {
    const {message} = new ModelError(
      "layer '\u001b]0;title\u0007\u202Eevil\r\u009b31m': expected é, 漢 or 😀\n\tgot b",
    );
    expect(message).to.equal(
      "layer '\\u{1b}]0;title\\u{7}\\u{202e}evil\\u{d}\\u{9b}31m': expected é, 漢 or 😀\n\tgot b",
    );
  });

  it('keep the place at their beginning and what to do at their end', () => {
    const {message} = new ModelError(`layer 'a': expected b, got '${'x'.repeat(5e7)}'; load it again`);
    expect(message).to.have.lengthOf(1900);
    expect(message).to.match(/^layer 'a': expected b, got 'x+ … x+'; load it again$/);
    expect(new ModelError('\u{7}'.repeat(1900)).message).to.have.lengthOf(1900); // each is shown as five
  });

  it('quote at most 200 characters of a text', () => {
    expect(formatValue('x'.repeat(1e6))).to.have.lengthOf(202);
    expect(readable('short')).to.equal('short');
  });
});
