/** Numbers below {@link FIRST_WORD} are no words. */
const PADDING = 0;
const UNKNOWN = 1;
const FIRST_WORD = 2;

/** The words of a text in lower case, and money and exclamation marks; a number is one word, whatever its value. */
export function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/[a-z]+(?:'[a-z]+)?|\d+|[$!]/g) ?? []).map((word) =>
    /^\d/.test(word) ? '0' : word,
  );
}

/** The most frequent words of some texts, numbered from 2 on; of words as frequent the first in the alphabet. */
export class Vocabulary {
  private readonly numbers: ReadonlyMap<string, number>;

  /** @param size of all numbers, those for padding and unknown words included */
  constructor(
    texts: readonly string[],
    readonly size: number,
  ) {
    const counts = new Map<string, number>();
    for (const word of texts.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const frequent = [...counts]
      .sort(([one, n], [other, m]) => m - n || (one < other ? -1 : 1))
      .slice(0, size - FIRST_WORD);
    this.numbers = new Map(frequent.map(([word], i) => [word, FIRST_WORD + i]));
  }

  /**
   * The first `length` words as numbers, 1 for an unknown one; padding, 0, comes before them, so that a recurrent layer
   * ends on the text.
   */
  encode(text: string, length: number): number[] {
    const found = wordsOf(text)
      .slice(0, length)
      .map((word) => this.numbers.get(word) ?? UNKNOWN);
    return [...new Array<number>(length - found.length).fill(PADDING), ...found];
  }
}
