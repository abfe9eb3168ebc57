import {readFileSync} from 'node:fs';
import ts from 'typescript';

/** What a block may use without having made it. */
const atHand = exportsOf('test/docs/atHand.ts').filter((name) => name !== 'savedModels' && name !== 'beginAnew');
const library = exportsOf('src/index.ts');

/**
 * A block as a module of its own, in a folder of `.cache`: what its reader has at hand is imported for it.
 * A block without imports is a line out of a program: names of the library are imported, too.
 */
export function programOf(code: string): string {
  const imported = [
    importOf(atHand, code, '../../../test/docs/atHand.ts'),
    ...(code.includes('import ') ? [] : [importOf(library, code, 'tfjs-compress')]),
  ];
  // On one line, so that a message about line 3 is about the third line of the block.
  return `${imported.filter((line) => line !== '').join(' ')} export {}; ${code}\n`;
}

function importOf(names: readonly string[], code: string, module: string): string {
  const {used, declared} = namesIn(code);
  const free = names.filter((name) => used.has(name) && !declared.has(name));
  return free.length === 0 ? '' : `import {${free.join(', ')}} from '${module}';`;
}

/** All identifiers of a module, and those that it declares or imports itself at its top. */
function namesIn(code: string): {used: Set<string>; declared: Set<string>} {
  const file = ts.createSourceFile('block.ts', code, ts.ScriptTarget.ESNext, true);
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    if ((ts.isBindingElement(node) || ts.isVariableDeclaration(node)) && ts.isIdentifier(node.name) && isAtTop(node))
      declared.add(node.name.text);
    if (
      ts.isImportSpecifier(node) ||
      ts.isNamespaceImport(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isImportClause(node)
    ) {
      if (node.name) declared.add(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return {used, declared};
}

function isAtTop(node: ts.Node): boolean {
  const statement = ts.findAncestor(node, (one) => ts.isVariableStatement(one) || ts.isFunctionLike(one));
  return statement !== undefined && ts.isSourceFile(statement.parent);
}

/** The names that a module exports, types left out. */
function exportsOf(path: string): string[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true);
  return file.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) return namesOf(statement);
    if (!isExported(statement)) return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap(({name}) => boundNames(name));
    return ts.isFunctionDeclaration(statement) && statement.name ? [statement.name.text] : [];
  });
}

function namesOf({isTypeOnly, exportClause}: ts.ExportDeclaration): string[] {
  if (isTypeOnly || exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
  return exportClause.elements.filter((element) => !element.isTypeOnly).map(({name}) => name.text);
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({kind}) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}
