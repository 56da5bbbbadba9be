// What is changed in a cell's syntax tree before it is translated: imports come first, as in a module; each statement
// of the top level tells when it starts; `{ name }` of an earlier cell's name is spelled out.

const { cellFile } = require('./tslab-parts.cjs');

/** The function that a compiled cell calls before each statement of its top level, with its number. */
const START_STATEMENT = '__startStatement';
/** tslab puts `export {};` before a cell. */
const STATEMENTS_BEFORE_CELL = 1;

/** @returns a transformer for the compiler's emit, which runs while types are still there */
function makeTransformer(ts, checker, declarations) {
  const { factory } = ts;
  const context = ts.nullTransformationContext ?? ts.getNullTransformationContext();

  /** tslab reads names of earlier cells from `exports`, but does not see them in `{ name }`. */
  function spellOut(node) {
    if (ts.isShorthandPropertyAssignment(node)) {
      const symbol = checker.getShorthandAssignmentValueSymbol(node);
      if (symbol?.declarations?.some((declaration) => declaration.getSourceFile() === declarations)) {
        const value = factory.createPropertyAccessExpression(factory.createIdentifier('exports'), node.name.text);
        const initializer = node.objectAssignmentInitializer;
        return factory.createPropertyAssignment(
          node.name.text,
          initializer ? factory.createAssignment(value, ts.visitNode(initializer, spellOut)) : value,
        );
      }
    }
    return ts.visitEachChild(node, spellOut, context);
  }

  function announced(statement, number) {
    if (isHoisted(ts, statement) || ts.isExportDeclaration(statement)) return [statement];
    const call = factory.createCallExpression(factory.createIdentifier(START_STATEMENT), undefined, [
      factory.createNumericLiteral(number),
    ]);
    return [factory.createExpressionStatement(call), statement];
  }

  return () => (file) => {
    if (file.fileName !== cellFile) return file;
    const statements = file.statements.map((statement, i) => ({ number: i - STATEMENTS_BEFORE_CELL, statement }));
    const isImport = ({ statement }) => ts.isImportDeclaration(statement) || ts.isImportEqualsDeclaration(statement);
    const ordered = [...statements.filter(isImport), ...statements.filter((entry) => !isImport(entry))];
    return factory.updateSourceFile(
      file,
      ordered.flatMap(({ number, statement }) => announced(ts.visitNode(statement, spellOut), number)),
    );
  };
}

/** Whether a statement has an effect wherever it stands: functions, and all that is gone at run time. */
function isHoisted(ts, statement) {
  return (
    ts.isFunctionDeclaration(statement) || ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
  );
}

/** A cell's names are there for later cells anyway: `export` before a declaration, from a file, is overlooked. */
function blankExports(ts, source) {
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, true);
  let text = source;
  for (const { modifiers = [] } of file.statements) {
    const exported = modifiers.find(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!exported || modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) continue;
    const start = exported.getStart(file);
    text = `${text.slice(0, start)}${' '.repeat(exported.end - start)}${text.slice(exported.end)}`;
  }
  return text;
}

module.exports = { START_STATEMENT, blankExports, isHoisted, makeTransformer };
