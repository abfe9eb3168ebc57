import {OptionError} from '../../src/errors.ts';

/**
 * The document that makes the elements: the one that was given, else the page's.
 * @throws OptionError in Node, if none was given
 */
export function documentFor(where: string, given: Document | undefined): Document {
  if (given !== undefined) {
    if (typeof Reflect.get(Object(given), 'createElementNS') !== 'function')
      throw new OptionError(where, 'document', 'a DOM document', given);
    return given;
  }
  if (typeof document === 'undefined') {
    throw new OptionError(
      where,
      'document',
      "a DOM document, as there is no page here (for example `parseHTML('<html></html>').document` of linkedom)",
      given,
    );
  }
  return document;
}
