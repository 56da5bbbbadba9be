// Bundles the library into dist/library.js, and each program of the package into a file of its own: Node.js takes
// longer to find and read hundreds of small files than to run them. Rooms that are imported when they are needed are
// run then.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { build } from 'esbuild';

const OLDEST_NODE = 'node20.19';
const BUNDLE = 'library.js';
/** In a bundle: the folder that stands for lib. */
const FOLDER = 'libraryFolder';

/**
 * Node.js 22.1 and later keep what they compiled of a program for its next start. The stacks that BLIP_DEBUG shows name
 * the sources.
 */
const BEFORE_PROGRAM = `#!/usr/bin/env node
require('node:module').enableCompileCache?.();
if (process.env.BLIP_DEBUG) process.setSourceMapsEnabled(true);
`;

/**
 * @param options.source the folder lib
 * @param options.target the folder dist
 * @param options.modules what users load, such as `index.js`: one copy of the library serves all
 * @param options.later those of the modules that few load: they run when they are required
 * @param options.programs what users start, such as `cli/main.js`
 * @param options.digest of the converter, which is computed from its sources
 */
export async function bundleLibrary({ source, target, modules, later, programs, digest }) {
  const common = {
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: OLDEST_NODE,
    packages: 'external',
    keepNames: true, // of errors, in messages
    sourcemap: true,
    sourcesContent: false, // lib is part of the package
    define: { CONVERTER_DIGEST: JSON.stringify(digest) },
    plugins: [nodeModules(source)],
    logLevel: 'warning',
  };
  const contents = modules
    .map((file, i) => {
      const from = `'./${file.replace(/\.js$/, '')}'`;
      return later.includes(file) ? `export const m${i} = () => require(${from});` : `export * as m${i} from ${from};`;
    })
    .join('\n');
  await build({
    ...common,
    stdin: { contents, resolveDir: source, sourcefile: 'entries.ts', loader: 'ts' },
    outfile: path.join(target, BUNDLE),
    banner: { js: place('') },
  });
  for (const [i, file] of modules.entries()) {
    const up = path.posix.relative(path.posix.dirname(file), BUNDLE);
    const load = `require('${up.startsWith('.') ? up : `./${up}`}').m${i}`;
    fs.writeFileSync(path.join(target, file), `module.exports = ${load}${later.includes(file) ? '()' : ''};\n`);
  }
  for (const file of programs) {
    const program = file.replace(/\.js$/, '-program.js');
    await build({
      ...common,
      entryPoints: [path.join(source, file.replace(/\.js$/, '.ts'))],
      outfile: path.join(target, program),
      banner: { js: place(path.posix.relative(path.posix.dirname(file), '.')) },
    });
    fs.writeFileSync(path.join(target, file), `${BEFORE_PROGRAM}require('./${path.basename(program)}');\n`);
    fs.chmodSync(path.join(target, file), 0o755);
  }
}

function place(up) {
  return `const ${FOLDER} = require('node:path').join(__dirname, '${up}');`;
}

/**
 * Modules find files that lie beside them by `__dirname`: each keeps its own. And modules of Node.js are taken as they
 * are: `import * as fs` would copy all their names, in each of our modules again.
 */
function nodeModules(source) {
  return {
    name: 'node-modules',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const code = fs.readFileSync(file, 'utf8');
        const folder = path.relative(source, path.dirname(file)).replaceAll(path.sep, '/');
        const own = /\b__dirname\b/.test(code)
          ? `const __dirname = require('node:path').join(${FOLDER}, '${folder}');`
          : '';
        const contents = code.replace(/^import \* as (\w+) from ('node:[\w/]+');/gm, 'import $1 = require($2);');
        return { contents: `${own}${contents}`, loader: 'ts' }; // in the first line: lines are those of the source
      });
    },
  };
}
