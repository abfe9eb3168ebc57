/** A fenced block of a Markdown document. */
export interface CodeBlock {
  /** What stands behind the opening fence: `ts`, `sh`, …; empty where nothing does. */
  readonly language: string;
  readonly code: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a document, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w*)\n([^]*?)\n```$/gm)].map(({1: language, 2: code, index}) => ({
    language,
    code,
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** A document without its fenced blocks: what is left is read, not run. */
export function proseOf(markdown: string): string {
  return markdown.replace(/^```\w*\n[^]*?\n```$/gm, '');
}

/** What a block prints, where the document shows it: in the `text` block that comes next. */
export function shownOutput(blocks: readonly CodeBlock[], at: number): string | undefined {
  const next = blocks.at(at + 1);
  return at + 1 < blocks.length && next?.language === 'text' ? next.code : undefined;
}

/** Whether something was printed as shown, where `…` stands for anything, also for several lines. */
export function isAsShown(printed: string, shown: string): boolean {
  const pattern = tidied(shown)
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^]*');
  return new RegExp(`^${pattern}$`).test(tidied(printed));
}

/** Without blanks at the ends of lines. */
function tidied(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A block that shows lines of a file of the repository, which its first line names in a comment. */
export function excerptOf({code}: CodeBlock): {readonly path: string; readonly lines: string} | undefined {
  const [, path, lines] = /^\/\/ ((?:src|plugins)\/\S+\.ts)\n([^]*)$/.exec(code) ?? [];
  return path === undefined || lines === undefined ? undefined : {path, lines};
}
