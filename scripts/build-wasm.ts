// npm run build:wasm: assembles every .wat below lib into a module beside it that holds its bytes, so that no build
// step or file is needed where the library runs. A test checks that the committed bytes are those of the source.
import * as fs from 'node:fs';
import * as path from 'node:path';
import wabt from 'wabt';

const LIB = path.join(__dirname, '..', 'lib');
const LINE = 100;

/** The WebAssembly sources, as absolute paths. */
export function watFiles(): string[] {
  return fs
    .readdirSync(LIB, { recursive: true })
    .map((name) => path.join(LIB, String(name)))
    .filter((file) => file.endsWith('.wat'))
    .sort();
}

/** `round-halves.wat` -> `round-halves-wasm.ts` */
export function moduleFile(wat: string): string {
  return wat.replace(/\.wat$/, '-wasm.ts');
}

/** The text of the module that holds the bytes of `wat`. */
export async function wasmModule(wat: string): Promise<string> {
  const parsed = (await wabt()).parseWat(wat, fs.readFileSync(wat, 'utf8'));
  try {
    parsed.validate();
    const base64 = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
    const lines = (base64.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []).map((line) => `'${line}'`);
    return [
      `// The bytes of ${path.basename(wat)}, in base64. Written by \`npm run build:wasm\`: edit the .wat instead.`,
      'export const WASM =',
      `  ${lines.join(' +\n  ')};`,
      '',
    ].join('\n');
  } finally {
    parsed.destroy();
  }
}

async function main(): Promise<void> {
  for (const wat of watFiles()) {
    fs.writeFileSync(moduleFile(wat), await wasmModule(wat));
    console.log(path.relative(process.cwd(), moduleFile(wat)));
  }
}

if (require.main === module) void main();
