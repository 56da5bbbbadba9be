// The committed bytes of each WebAssembly module are those that its source gives.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { lazyInstance } from '../../lib/core/vectors/instantiate';
import { moduleFile, wasmModule, watFiles } from '../../scripts/build-wasm';

test('the sources are found', () => {
  assert.deepEqual(
    watFiles().map((file) => path.basename(file)),
    ['round-halves.wat', 'resample.wat', 'dot-rows.wat'],
  );
});

for (const wat of watFiles())
  test(`${path.basename(moduleFile(wat))} holds the bytes of ${path.basename(wat)}: else run npm run build:wasm`, async () => {
    assert.equal(fs.readFileSync(moduleFile(wat), 'utf8'), await wasmModule(wat));
  });

test('what is no WebAssembly gives no instance', () => {
  assert.equal(lazyInstance('AGFzbQ==')(), undefined);
});
