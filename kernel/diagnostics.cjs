// Which of the compiler's diagnostics a cell gets to see, and how they read where TypeScript's words do not help.

/** 'await' expressions are only allowed within async functions. tslab drops those that it takes for the top level. */
const MISPLACED_AWAIT = 1308;
/** 'await' expressions cannot be used in a parameter initializer. */
const AWAIT_IN_PARAMETER = 2524;
/** Out of TypeScript's range: tslab does not know it, and so shows it. */
const OWN_CODE = 90_000;
const USING_ADVICE =
  "'using' declarations need TypeScript 5.2; cells are compiled with 5.0. " +
  "Declare it with 'const' and dispose of it in a 'finally' block.";

function cellDiagnostics(ts, cell, diagnostics) {
  const hasOwnWords = ({ code, start }) =>
    code === MISPLACED_AWAIT && diagnostics.some((other) => other.code === AWAIT_IN_PARAMETER && other.start === start);
  const told = diagnostics.filter((found) => !hasOwnWords(found));
  const shown = told.map((found) => (found.code === MISPLACED_AWAIT ? { ...found, code: OWN_CODE } : found));
  const using = findUsing(ts, cell);
  if (!using || !shown.some(({ file }) => file === cell)) return shown;
  const lineOf = (position) => ts.getLineAndCharacterOfPosition(cell, position).line;
  const line = lineOf(using.start);
  const advice = { ...using, file: cell, category: ts.DiagnosticCategory.Error, code: OWN_CODE };
  return [
    { ...advice, messageText: USING_ADVICE },
    ...shown.filter(({ file, start }) => file !== cell || lineOf(start) !== line),
  ];
}

/** `using name` and `await using name`: for TypeScript 5.0 two expressions on one line without a semicolon. */
function findUsing(ts, cell) {
  const isUsing = (node) => ts.isIdentifier(node) && node.text === 'using';
  let found;
  const visit = (node) => {
    if (found) return;
    const statements = node.statements ?? [];
    for (let i = 0; i + 1 < statements.length; i++) {
      const [first, second] = [statements[i], statements[i + 1]];
      if (!ts.isExpressionStatement(first) || !ts.isExpressionStatement(second)) continue;
      const { expression } = first;
      if (!isUsing(ts.isAwaitExpression(expression) ? expression.expression : expression)) continue;
      if (/[;\n]/.test(cell.text.slice(expression.end, second.getStart(cell)))) continue;
      found = { start: first.getStart(cell), length: second.getEnd() - first.getStart(cell) };
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(cell);
  return found;
}

module.exports = { cellDiagnostics };
