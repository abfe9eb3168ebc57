/** One WGSL text made of several, each without the indentation that it has in its TypeScript file. */
export function joinWgsl(...parts: readonly string[]): string {
  return `${parts.map(unindent).join('\n\n')}\n`;
}

function unindent(text: string): string {
  const lines = text.replace(/^\n+|\s+$/g, '').split('\n');
  const indent = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent)).join('\n');
}

/** Generated WGSL, indented by its braces and without empty lines. */
export function indentByBraces(text: string): string {
  let depth = 0;
  const lines = text.split('\n').map((line) => line.trim());
  const indented = lines.filter(Boolean).map((line) => {
    const outer = line.startsWith('}') ? depth - 1 : depth;
    depth += line.split('{').length - line.split('}').length;
    return `${'  '.repeat(outer)}${line}\n`;
  });
  return indented.join('');
}

/** A line of WGSL for each item. */
export function joinLines<Item>(items: readonly Item[], line: (item: Item) => string): string {
  return items.map(line).join('\n');
}

/** 0 … length − 1 */
export function range(length: number): number[] {
  return Array.from({length}, (_, i) => i);
}
