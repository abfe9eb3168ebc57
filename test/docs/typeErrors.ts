import ts from 'typescript';

/** What the compiler says of modules, under the options of the repository. */
export function typeErrors(files: readonly string[]): string[] {
  const {options} = ts.getParsedCommandLineOfConfigFile(
    'tsconfig.json',
    {noEmit: true},
    {...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined},
  ) ?? {options: {}};
  const program = ts.createProgram([...files], options);
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({messageText, start = 0}) => {
        const line = source ? source.getLineAndCharacterOfPosition(start).line + 1 : 0;
        return `${file}, line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
}
