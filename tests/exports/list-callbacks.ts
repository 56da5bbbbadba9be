// The functions, constructors and methods that the package's entries offer and that take a callback or a signal, as an
// argument or as an option, found through TypeScript's types: one that is added is found without a list.
import * as path from 'node:path';
import * as ts from 'typescript';
import { projectRoot } from '../project-root';

const LIB = path.join(projectRoot(), 'lib') + path.sep;
/** Options may hold options, such as `generation`. */
const MAX_DEPTH = 2;
/** Objects that are handed out hold objects. */
const MAX_RETURNED = 5;

/**
 * @param entries rooms, such as `openvino`; `` is the library itself
 * @returns the paths of callbacks and signals (`progress_callback`, `generation.signal`) by name (`convertBlip`,
 *   `OVBlipModel.load`, `ImageToText` for a function that another one returns, `ImageToText.trace`)
 */
export function listCallbacks(entries: readonly string[]): Map<string, string[]> {
  const files = entries.map((entry) => path.join(LIB, entry, 'index.ts'));
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    esModuleInterop: true,
    resolveJsonModule: true,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    noEmit: true,
  });
  const lister = new CallbackLister(program.getTypeChecker());
  for (const file of files) {
    const source = program.getSourceFile(file);
    if (!source) throw new Error(`${file}: no such entry`);
    lister.visitModule(source);
  }
  return lister.found;
}

class CallbackLister {
  readonly found = new Map<string, string[]>();
  readonly #returned = new Set<ts.Type>();

  constructor(private readonly checker: ts.TypeChecker) {}

  visitModule(source: ts.SourceFile): void {
    const module = this.checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${source.fileName}: exports nothing`);
    for (const each of this.checker.getExportsOfModule(module)) {
      const symbol = each.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(each) : each;
      if (!(symbol.flags & ts.SymbolFlags.Value) || !symbol.valueDeclaration) continue;
      const type = this.checker.getTypeOfSymbolAtLocation(symbol, symbol.valueDeclaration);
      this.#visitFunction(each.name, type);
      for (const member of this.checker.getPropertiesOfType(type)) this.#visitMember(each.name, member, 0);
    }
  }

  #visitFunction(name: string, type: ts.Type): void {
    const paths = new Set(this.found.get(name));
    const signatures = [...type.getCallSignatures(), ...type.getConstructSignatures()];
    for (const signature of signatures) {
      for (const parameter of signature.getParameters()) {
        const given = this.#typeOf(parameter);
        if (given === undefined) continue;
        if (this.#isSignal(given) || this.#isCallback(given)) paths.add(parameter.name);
        else this.#visitOptions(given, '', 0, paths);
      }
      this.#visitReturned(signature.getReturnType(), 0);
    }
    if (paths.size > 0) this.found.set(name, [...paths].sort());
  }

  #visitOptions(type: ts.Type, prefix: string, depth: number, paths: Set<string>): void {
    if (type.isUnion()) {
      for (const each of type.types) this.#visitOptions(each, prefix, depth, paths);
      return;
    }
    if (depth > MAX_DEPTH || type.isClass() || this.checker.isArrayType(type)) return;
    for (const property of this.checker.getPropertiesOfType(type)) {
      const given = isOurs(property) ? this.#typeOf(property) : undefined;
      if (given === undefined) continue;
      const name = `${prefix}${property.name}`;
      // What an object must be able to do, such as a tensor, is no callback of an option
      const isMethod = (property.flags & ts.SymbolFlags.Method) !== 0 && !(property.flags & ts.SymbolFlags.Optional);
      if (this.#isSignal(given) || (this.#isCallback(given) && !isMethod)) paths.add(name);
      else if (!isMethod) this.#visitOptions(given, `${name}.`, depth + 1, paths);
    }
  }

  /** Objects and functions that a call hands out. */
  #visitReturned(returned: ts.Type, depth: number): void {
    // `Pipelines[Task]` may be each of the pipelines
    const isOpen = (returned.flags & ts.TypeFlags.Instantiable) !== 0;
    const type = (isOpen && this.checker.getBaseConstraintOfType(returned)) || returned;
    if (depth > MAX_RETURNED || this.#returned.has(type)) return;
    this.#returned.add(type);
    if (type.isUnionOrIntersection()) {
      for (const each of type.types) this.#visitReturned(each, depth);
      return;
    }
    if (isReference(type)) for (const each of this.checker.getTypeArguments(type)) this.#visitReturned(each, depth + 1);
    const symbol = type.aliasSymbol ?? type.symbol;
    if (!symbol || !isOurs(symbol)) return;
    if (type.getCallSignatures().length > 0) this.#visitFunction(symbol.name, type);
    for (const member of this.checker.getPropertiesOfType(type)) this.#visitMember(symbol.name, member, depth + 1);
  }

  #visitMember(name: string, member: ts.Symbol, depth: number): void {
    const type = isOurs(member) && !isPrivate(member) ? this.#typeOf(member) : undefined;
    if (type === undefined) return;
    if (type.getCallSignatures().length > 0) this.#visitFunction(`${name}.${member.name}`, type);
    else this.#visitReturned(type, depth);
  }

  #typeOf(symbol: ts.Symbol): ts.Type | undefined {
    const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
    if (!declaration) return undefined;
    return this.checker.getNonNullableType(this.checker.getTypeOfSymbolAtLocation(symbol, declaration));
  }

  #isSignal(type: ts.Type): boolean {
    return partsOf(type).some(({ symbol }) => symbol?.name === 'AbortSignal');
  }

  #isCallback(type: ts.Type): boolean {
    return partsOf(type).some((part) => part.getCallSignatures().length > 0);
  }
}

function partsOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

function isReference(type: ts.Type): type is ts.TypeReference {
  return 'target' in type;
}

function isOurs({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((each) => path.resolve(each.getSourceFile().fileName).startsWith(LIB));
}

function isPrivate({ name, declarations = [] }: ts.Symbol): boolean {
  return (
    name.includes('#') ||
    name === 'prototype' ||
    declarations.some((each) => (ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Private) !== 0)
  );
}
