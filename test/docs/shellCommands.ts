/** The commands of a shell block, one for each line; comments and the backslashes of long lines taken out. */
export function shellCommands(code: string): string[] {
  return code
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(' && '))
    .map((line) => line.trim())
    .filter(Boolean);
}

/** The words of a command, quotes taken off. */
export function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain,
  );
}
