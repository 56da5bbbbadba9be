// npm run build: lib in dist, as one file of JavaScript (bundle-library.mjs), as type declarations, one for each
// source, and with what lies beside the sources (nncf_worker.py, the demo's page).
//
// There is one copy of the library, as CommonJS. `import` gets a module that re-exports it: were there two copies, an
// error thrown by one would not be `instanceof` the BlipError of the other.
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { require as requireSource } from 'tsx/cjs/api';
import { allowUndefined } from './allow-undefined.mjs';
import { bundleLibrary } from './bundle-library.mjs';
import { ROOT, fail, run } from './common.mjs';

const SOURCE = path.join(ROOT, 'lib');
const TARGET = path.join(ROOT, 'dist');
/** A program of its own beside the command: `info` starts it. */
const PROBE = 'cli/info/openvino-probe.js';
const require = createRequire(import.meta.url);

/** Builds into `dist`, which is replaced. Quick enough (some seconds) to be done before every pack. */
export async function build() {
  fs.rmSync(TARGET, { recursive: true, force: true });
  const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code } = await run(process.execPath, [compiler, '-p', 'tsconfig.build.json']);
  if (code !== 0) fail('The library was not built: the compiler reports the errors above.');
  allowUndefined(TARGET);
  copyAssets();
  const { exports, bin } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const libraries = Object.values(exports).filter((entry) => typeof entry === 'object');
  const inTarget = (file) => path.posix.relative('dist', file);
  await bundleLibrary({
    source: SOURCE,
    target: TARGET,
    modules: libraries.map((entry) => inTarget(entry.require.default)),
    later: ['notebook/index.js'],
    programs: [...Object.values(bin).map(inTarget), PROBE],
    digest: converterDigest(),
  });
  for (const entry of libraries) writeModule(entry);
}

/** Computed from the sources, which a bundle does not have. */
function converterDigest() {
  return requireSource(path.join(SOURCE, 'convert', 'converter-digest.ts'), import.meta.url).converterDigest();
}

/** What is read at run time: everything in lib that is neither TypeScript nor what TypeScript was made from. */
function copyAssets() {
  for (const name of fs.readdirSync(SOURCE, { recursive: true }).map(String)) {
    if (/\.(ts|wat)$/.test(name) || !fs.statSync(path.join(SOURCE, name)).isFile()) continue;
    if (name.includes('__pycache__')) continue;
    fs.cpSync(path.join(SOURCE, name), path.join(TARGET, name));
  }
}

/**
 * The ES module of an entry: its names are spelt out, so that `import { pipeline }` does not depend on how Node reads
 * CommonJS.
 */
function writeModule(entry) {
  const script = path.join(ROOT, entry.require.default);
  const module = path.join(ROOT, entry.import.default);
  const names = Object.keys(require(script)).sort();
  const from = `./${path.basename(script)}`;
  fs.writeFileSync(module, `import library from '${from}';\nexport const {\n  ${names.join(',\n  ')},\n} = library;\n`);
  fs.writeFileSync(path.join(ROOT, entry.import.types), `export * from '${from}';\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
