// Makes optional properties of the built declarations accept `undefined`, as the library does:
// `{ device: process.env.DEVICE }` is then correct in a program with exactOptionalPropertyTypes too. Done here for all,
// since in the sources nothing would check it.
import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';

/** Changes every declaration file below a folder. */
export function allowUndefined(folder) {
  for (const name of fs.readdirSync(folder, { recursive: true }).map(String)) {
    if (!name.endsWith('.d.ts')) continue;
    const file = path.join(folder, name);
    const text = fs.readFileSync(file, 'utf8');
    const changed = widen(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), text);
    if (changed !== text) fs.writeFileSync(file, changed);
  }
}

function widen(source, text) {
  const types = [];
  const visit = (node) => {
    if (ts.isPropertySignature(node) && node.questionToken && node.type) types.push(node.type);
    ts.forEachChild(node, visit);
  };
  visit(source);
  // From the innermost and last to the first, so that the positions before stay right.
  return types
    .flatMap((type) => insertions(type))
    .sort((a, b) => b.at - a.at)
    .reduce((result, { at, what }) => result.slice(0, at) + what + result.slice(at), text);
}

function insertions(type) {
  if (ts.isUnionTypeNode(type) && type.types.some(({ kind }) => kind === ts.SyntaxKind.UndefinedKeyword)) return [];
  const end = { at: type.getEnd(), what: ' | undefined' };
  const needsParentheses =
    ts.isFunctionTypeNode(type) || ts.isConstructorTypeNode(type) || ts.isConditionalTypeNode(type);
  return needsParentheses
    ? [
        { at: type.getStart(), what: '(' },
        { ...end, what: `)${end.what}` },
      ]
    : [end];
}
