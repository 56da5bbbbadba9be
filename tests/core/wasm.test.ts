// The committed bytes of each WebAssembly module are those that its source gives; without an instance, TypeScript.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { lazyInstance } from '../../lib/core/vectors/instantiate';
import { projectRoot } from '../project-root';
import { moduleFile, wasmModule, watFiles } from '../../scripts/build-wasm';

const ROOT = projectRoot();
const LIMITED = process.platform === 'linux';
/** Less than the 8 GB that V8 reserves for each memory of WebAssembly; Node.js itself starts with 1 GB. */
const ADDRESS_SPACE_KB = 4_000_000;

test('the sources are found', () => {
  assert.deepEqual(
    watFiles().map((file) => path.basename(file)),
    ['round-halves.wat', 'resample.wat', 'dot-rows.wat'],
  );
});

for (const wat of watFiles())
  test(`${path.basename(moduleFile(wat))} holds the bytes of ${path.basename(wat)}`, async () => {
    assert.equal(fs.readFileSync(moduleFile(wat), 'utf8'), await wasmModule(wat), 'run npm run build:wasm');
  });

test('what is no WebAssembly gives no instance', () => {
  assert.equal(lazyInstance('AGFzbQ==')(), undefined);
});

test('a limit of the address space (ulimit -v) leaves the numbers to TypeScript', { skip: !LIMITED }, () => {
  const script = `
    const { floatToHalf } = require(${JSON.stringify(path.join(ROOT, 'lib/core/float16.ts'))});
    console.log(Array.from(floatToHalf(Float32Array.of(1, -2, 0.5, 65504, 1e-8))).join());`;
  // tsx itself needs a WebAssembly memory; what it compiled is run without it.
  const compiled = execFileSync(
    process.execPath,
    [path.join(ROOT, 'node_modules', 'esbuild', 'bin', 'esbuild'), '--bundle', '--platform=node'],
    { input: script, cwd: ROOT, encoding: 'utf8' },
  );
  const limited = ['-c', `ulimit -v ${ADDRESS_SPACE_KB}; exec "$0" -`, process.execPath];
  const output = execFileSync('sh', limited, { input: compiled, encoding: 'utf8', env: { PATH: process.env.PATH } });
  assert.equal(output.trim(), '15360,49152,14336,31743,0');
});
