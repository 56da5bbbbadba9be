// Files that come from outside: what is read, and what is refused before anything is made of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { BlipError } from '../../lib/core/errors';
import { describeValue } from '../../lib/core/describe-value';
import { parseJSON, readJSON } from '../../lib/core/read-json';
import { FileError, readText } from '../../lib/core/read-text';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-json-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content);
  return file;
}

/** The error names the file and says each of the words. */
const refuses = (action: () => unknown, file: string, ...words: string[]): void =>
  assert.throws(action, (error: unknown) => {
    assert.ok(error instanceof FileError, String(error));
    for (const word of [file, ...words]) assert.ok(error.message.includes(word), `${error.message} lacks "${word}"`);
    assert.ok(error.message.length < file.length + 600, `a message of ${error.message.length} characters`);
    return true;
  });

test('JSON as Python reads it: the last of equal keys, and a byte order mark is skipped', () => {
  const file = write('a.json', '\ufeff{"a": 1, "a": {"b": [1, "}]{[\\\\", "\\""]}}');
  assert.deepEqual(readJSON(file), { a: { b: [1, '}]{[\\', '"'] } });
  assert.deepEqual(Object.keys(Object(parseJSON('{"__proto__": 1}', 'text'))), ['__proto__']);
});

test('the class of the error and its advice are the caller’s', () => {
  class OwnError extends BlipError {}
  const file = path.join(folder, 'absent.json');
  assert.throws(
    () => readJSON(file, { error: OwnError, advice: 'Fetch it.' }),
    (error) => error instanceof OwnError && /absent\.json: cannot be read: ENOENT.*Fetch it\./.test(error.message),
  );
  refuses(() => parseJSON('{', 'https://hub/config.json'), 'https://hub/config.json', 'JSON');
});

test('what is not a text file of the right size', () => {
  refuses(() => readJSON(folder), folder, 'a folder');
  const large = write('large.json', `"${'x'.repeat(1000)}"`);
  refuses(() => readJSON(large, { maxBytes: 1001 }), large, '1002 bytes', 'at most 1001');
  assert.equal(readJSON(large, { maxBytes: 1002 }), 'x'.repeat(1000));
  const utf16 = write('utf16.json', Buffer.from('\ufeff{}', 'utf16le'));
  refuses(() => readJSON(utf16), utf16, 'UTF-16', 'UTF-8');
  const latin1 = write('latin1.json', Buffer.from('{"a":"é"}', 'latin1'));
  refuses(() => readJSON(latin1), latin1, 'not text in UTF-8');
  const empty = write('empty.json', '');
  refuses(() => readJSON(empty), empty, 'cannot be read as JSON');
  assert.equal(readText(empty, { maxBytes: 0 }), '');
});

test('a named pipe does not wait for a writer', { skip: process.platform === 'win32' }, () => {
  const pipe = path.join(folder, 'pipe.json');
  execFileSync('mkfifo', [pipe]);
  refuses(() => readJSON(pipe), pipe, 'no plain file');
});

test('depth is bounded before parsing, brackets in strings do not count', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.doesNotThrow(() => parseJSON(nested(64), 'text'));
  for (const text of [nested(65), '{"a":'.repeat(100_000), '['.repeat(5_000_000)])
    refuses(() => parseJSON(text, 'text'), 'text', 'deeper than 64');
  assert.equal(parseJSON(JSON.stringify('[\\"['.repeat(1000)), 'text'), '[\\"['.repeat(1000));
  assert.doesNotThrow(() => parseJSON(`[${'[],'.repeat(1000)}0]`, 'text'));
  assert.throws(() => parseJSON(nested(2), 'text', { maxDepth: 1 }), FileError);
});

test('numbers that Python writes and JSON does not have name their key', () => {
  const file = write('python.json', '{"do_resize": true, "rescale_factor": Infinity}');
  refuses(() => readJSON(file), file, '"rescale_factor"', 'Infinity');
  refuses(() => parseJSON('{"image_std": [0.5, NaN, 1]}', 'text'), 'text', '"image_std"', 'NaN');
  refuses(() => parseJSON('{"note": "NaN", oops}', 'text'), 'text', 'cannot be read as JSON');
});

test('a value in a message stays short', () => {
  for (const value of [
    'x'.repeat(1e6),
    Array(1e6).fill('y'),
    { a: { b: { c: { d: { e: 1 } } } } },
    { ['k'.repeat(1e6)]: 1 },
  ])
    assert.ok(describeValue(value).length < 120, describeValue(value).slice(0, 200));
  assert.equal(describeValue({ size: [1, 'a\nb', null, true] }), '{"size":[1,"a\\nb",null,true]}');
  assert.equal(describeValue(undefined), 'missing');
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  assert.equal(describeValue(cyclic), '[[[[…]]]]');
});
