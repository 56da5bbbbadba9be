// Opens a file of torch's form that a test made, and checks how it is refused.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after } from 'node:test';
import { openPyTorchFile, PyTorchFileError } from '../../lib/checkpoint';

export const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-pytorch-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));
let files = 0;

function write(bytes: Uint8Array): string {
  const file = path.join(work, `${++files}.bin`);
  fs.writeFileSync(file, bytes);
  return file;
}

/** Opens it and reads all there is. */
export function load(bytes: Uint8Array): Map<string, Uint8Array> {
  const file = openPyTorchFile(write(bytes));
  try {
    return new Map([...file.tensors].map(([name, each]) => [name, each.bytes()]));
  } finally {
    file.close();
  }
}

function openDescriptors(): number {
  return fs.existsSync('/dev/fd') ? fs.readdirSync('/dev/fd').length : 0;
}

/** Far more than any of these takes, even on a busy machine; an attack that works takes hours. */
const SECONDS = 30;

/** Refused with an error that names the file and has these patterns, at once, and without leaving the file open. */
export function refuses(bytes: Uint8Array, ...patterns: RegExp[]): void {
  const descriptors = openDescriptors();
  const start = performance.now();
  assert.throws(
    () => load(bytes),
    (error: unknown) => {
      assert.ok(error instanceof PyTorchFileError, String(error));
      assert.ok(error.message.startsWith(path.join(work, `${files}.bin`)), `names the file: ${error.message}`);
      assert.ok(error.message.length < 1500, `is short: ${error.message.length} characters`);
      for (const pattern of patterns) assert.match(error.message, pattern);
      return true;
    },
  );
  assert.equal(openDescriptors(), descriptors, 'no file descriptor stays open');
  assert.ok(performance.now() - start < SECONDS * 1000);
}
