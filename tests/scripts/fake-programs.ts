// Programs that stand in for python3 and npm on a PATH of their own: they write down how they were called.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** The folder is the whole PATH of a test, so it also needs what shell scripts use. */
export function makePath(folder: string): string {
  fs.mkdirSync(folder, { recursive: true });
  for (const tool of ['sh', 'mkdir', 'cp', 'touch', 'dirname', 'sleep', 'kill', 'rm', 'cat', 'ln']) {
    const real = ['/bin', '/usr/bin'].map((place) => path.join(place, tool)).find((file) => fs.existsSync(file));
    if (real) fs.symlinkSync(real, path.join(folder, tool));
  }
  return folder;
}

export function addProgram(folder: string, name: string, script: string): void {
  fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}`, { mode: 0o755 });
}

/** A Python that only knows its version. */
export const addOldPython = (folder: string, name: string, version: string): void =>
  addProgram(folder, name, `echo ${version}\n`);

/**
 * A Python with venv and pip; both only leave marks. Its environments contain copies of itself. `LOG` is where it
 * tells.
 */
export function addPython(folder: string, name: string, version: string, log: string): void {
  addProgram(
    folder,
    name,
    `here=$(dirname "$0")
case "$*" in
  "-c import sys; print"*) echo ${version} ;;
  "-c "*)
    if [ -n "$INTERRUPT_CHECK" ]; then kill -INT "$PPID"; exit 130; fi
    test -f "$here/installed" ;;
  "-m venv "*)
    echo "${name} venv" >> '${log}'
    rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
  "-m pip --version") ;;
  "-m pip install "*)
    case "$*" in
      *" --require-hashes "*" --no-index "*) echo "pip install --no-index" >> '${log}' ;;
      *" --require-hashes "*) echo "pip install" >> '${log}' ;;
      *) echo "pip install without hashes" >> '${log}' ;;
    esac
    if [ -n "$FAIL_PIP" ]; then echo "$FAIL_PIP"; exit 1; fi
    if [ -n "$INTERRUPT_PIP" ]; then kill -INT "$PPID"; exit 130; fi
    touch "$here/installed" ;;
  *unpack_archive.py*)
    echo unpack >> '${log}'
    mkdir -p "$3/node_modules/a" ;;
  *) echo "unexpected: $*"; exit 1 ;;
esac
`,
  );
}

/**
 * `npm ci`: makes node_modules anew, with a list of what it installed. With INTERRUPT_NPM it is stopped when half of
 * them are there, with LOSE it loses a package's file. OPENVINO_NODE names a package to install as openvino-node, TSX
 * the real tsx.
 */
export function addNpm(folder: string, log: string): void {
  addProgram(
    folder,
    'npm',
    `echo "npm $1" >> '${log}'
rm -rf node_modules; mkdir -p node_modules/tsx node_modules/a/lib
echo '{"version":"1.0.0"}' > node_modules/a/package.json; echo > node_modules/a/lib/part.js
if [ -n "$SHOW_HOME" ]; then echo "HOME=$HOME cache=$npm_config_cache"; fi
if [ -n "$INTERRUPT_NPM" ]; then kill -INT "$PPID"; exit 130; fi
if [ -n "$TSX" ]; then rm -rf node_modules/tsx; ln -s "$TSX" node_modules/tsx; fi
if [ -n "$OPENVINO_NODE" ]; then cp -R "$OPENVINO_NODE" node_modules/openvino-node; fi
if [ -n "$LOSE" ]; then rm -f node_modules/a/package.json; fi
echo '{"packages":{"node_modules/a":{"version":"1.0.0","integrity":"sha512-x"}}}' > node_modules/.package-lock.json
`,
  );
}
