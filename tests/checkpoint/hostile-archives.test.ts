// Archives and storages that are damaged or lie: each is refused with the file, the culprit and what to do, at once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as path from 'node:path';
import { openPyTorchFile } from '../../lib/checkpoint';
import { load, refuses, work } from './refuses-pytorch-file';
import {
  checkpoint,
  dict,
  legacy,
  P,
  tensor,
  zip,
  type End,
  type Entry,
  type TensorOptions,
} from './write-pytorch-file';

const GOOD = dict({ a: tensor() });

describe('the files that these tests are variations of load', () => {
  it('as a ZIP archive', () => assert.equal(load(zip(checkpoint(GOOD))).get('a')?.length, 16));
  it('with a comment at its end', () =>
    assert.equal(load(zip(checkpoint(GOOD), { comment: 'PK\x05\x06 x' })).get('a')?.length, 16));
  it('with the numbers of an entry in a ZIP64 field', () =>
    assert.equal(load(zip(checkpoint(GOOD).map((entry) => ({ ...entry, zip64: 'all' })))).get('a')?.length, 16));
  it('in the legacy form', () => assert.equal(load(legacy(GOOD, ['0'], [new Uint8Array(16)])).get('a')?.length, 16));
});

describe('files of another kind', () => {
  const others: readonly [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /is empty.*Download it again/],
    [
      'a pointer of Git LFS',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:12\n'),
      /Git LFS.*git lfs pull/,
    ],
    ['a web page', Buffer.from('<!DOCTYPE html><html>'), /web page.*Download the file itself/],
    ['safetensors', Buffer.from('\x08\0\0\0\0\0\0\0{"a":{}}'), /safetensors.*Name it model\.safetensors/],
    ['an old tar form', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0'), Buffer.alloc(300)]), /tar form/],
    ['zeros', new Uint8Array(100), /begins with the bytes 0000000000000000/],
    ['a pickle that is not torch’s', Buffer.concat([P.proto, P.int(5), P.stop]), /magic number \(got 5\)/],
    [
      'another archive',
      zip([{ name: 'word/document.xml', data: Buffer.from('x') }]),
      /without FOLDER\/data\.pkl.*word\/document\.xml/,
    ],
    [
      'a TorchScript program',
      zip([...checkpoint(GOOD), { name: 'archive/constants.pkl', data: Buffer.from('x') }]),
      /TorchScript.*torch\.save\(model\.state_dict/,
    ],
  ];
  for (const [what, bytes, pattern] of others) it(what, () => refuses(bytes, pattern));
  it('a folder, and no file', () => {
    assert.throws(() => openPyTorchFile(work), /is not a file/);
    assert.throws(() => openPyTorchFile(path.join(work, 'none.bin')), /no such file/);
  });
});

describe('tensors that do not fit their storage', () => {
  const cases: readonly [string, TensorOptions, RegExp][] = [
    ['longer', { shape: [5] }, /\[5\] with strides \[1\] reaches value 5 of storage "0", which has 4/],
    ['behind an offset', { offset: 1 }, /reaches value 5/],
    ['with a wide stride', { shape: [2], strides: [4] }, /reaches value 5/],
    ['huge', { shape: [2 ** 40, 2 ** 40], strides: [1, 1] }, /overflows/],
    ['huge behind a zero', { shape: [0, 2 ** 50, 2 ** 50], strides: [1, 1, 1] }, /overflows/],
    ['repeated too often', { shape: [2 ** 40], strides: [0] }, /repeats the 4 values.*contiguous/],
    ['of a negative size', { shape: [-1] }, /size is a tuple of 1, expected whole numbers/],
    ['of a negative stride', { strides: [-1] }, /stride is a tuple of 1/],
    ['at a negative offset', { offset: -1 }, /offset is -1/],
    ['with more strides than sizes', { strides: [1, 1] }, /1 sizes and 2 strides/],
    [
      'of 65 dimensions',
      { shape: Array(65).fill(1), strides: Array(65).fill(1) },
      /65 dimensions, expected at most 64/,
    ],
    ['of a storage that is not there', { key: '9' }, /no entry "archive\/data\/9"/],
    ['of a storage outside', { key: '../../etc/passwd' }, /no entry "archive\/data\/\.\.\/\.\./],
    ['of a storage said to be larger', { count: 5 }, /20 bytes, but "archive\/data\/0" has 16/],
    ['of a storage said to be smaller', { count: 3, shape: [3] }, /12 bytes, but "archive\/data\/0" has 16/],
    ['of a storage of endless size', { count: 2 ** 52, shape: [1] }, /but "archive\/data\/0" has 16/],
    ['of a class that is no storage', { type: 'float32' }, /storage of type torch\.float32/],
  ];
  for (const [what, options, pattern] of cases)
    it(what, () => refuses(zip(checkpoint(dict({ a: tensor(options) }))), pattern));
  it('a storage of two types', () =>
    refuses(
      zip(checkpoint(dict({ a: tensor(), b: tensor({ type: 'IntStorage' }) }))),
      /storage "0" is once 4 values of torch\.FloatStorage, once 4 of torch\.IntStorage/,
    ));
  it('a storage of no values needs no entry', () =>
    assert.equal(load(zip(checkpoint(dict({ a: tensor({ key: 'x', count: 0, shape: [0] }) })))).get('a')?.length, 0));
});

describe('archives that lie', () => {
  const [pickle, order, storage] = checkpoint(GOOD);
  const archive = (changes: { [at: number]: Partial<Entry> }, end?: End): Buffer =>
    zip(
      [pickle, order, storage].map((entry, at) => ({ ...entry, ...changes[at] })),
      end,
    );
  const cases: readonly [string, Buffer, RegExp][] = [
    [
      'a compressed entry',
      archive({ 2: { listed: { method: 8 } } }),
      /"archive\/data\/0" is compressed \(deflate\).*torch\.save/,
    ],
    ['an encrypted entry', archive({ 2: { listed: { flags: 1 } } }), /"archive\/data\/0" is encrypted/],
    ['an entry twice', zip([pickle, order, storage, storage]), /entry "archive\/data\/0" twice/],
    [
      'overlapping entries',
      archive({ 2: { listed: { headerAt: 0 }, name: 'archive/data/0' } }),
      /no entry "archive\/data\/0" at byte 0/,
    ],
    [
      'a size that reaches into the next entry',
      archive({ 0: { listed: { size: pickle.data.length + 9 }, local: { size: pickle.data.length + 9 } } }),
      /overlap/,
    ],
    [
      'a size beyond the directory',
      archive({ 2: { listed: { size: 1e6 } } }),
      /1000000 bytes should lie at.*beyond byte/,
    ],
    ['a place beyond the directory', archive({ 2: { listed: { headerAt: 1e6 } } }), /beyond byte/],
    ['two sizes', archive({ 2: { listed: { packed: 15 } } }), /takes 15 bytes for 16/],
    ['another size in front of the data', archive({ 2: { local: { size: 15 } } }), /described differently.*15 bytes/],
    ['another method in front of the data', archive({ 2: { local: { method: 8 } } }), /described differently/],
    [
      'another name in front of the data',
      archive({ 2: { local: { name: 'archive/data/1' } } }),
      /no entry "archive\/data\/0"/,
    ],
    [
      'no header in front of the data',
      archive({ 2: { local: { signature: 1 } } }),
      /no entry "archive\/data\/0" at byte/,
    ],
    ['a path that leads out', archive({ 2: { name: 'archive/../../x' } }), /entry "archive\/\.\.\/\.\.\/x"/],
    ['an absolute path', archive({ 2: { name: '/etc/passwd' } }), /entry "\/etc\/passwd"/],
    ['a count too high', archive({}, { count: 4 }), /lists 3 entries, but announces 4/],
    ['a count too low', archive({}, { count: 2 }), /lists 3 entries, but announces 2/],
    ['a directory elsewhere', archive({}, { begin: 0 }), /directory claims bytes 0 to/],
    ['a directory of another size', archive({}, { size: 10 }), /directory claims bytes/],
    ['a directory beyond the file', archive({}, { begin: 0xfffffff0 }), /directory claims bytes 4294967280/],
    ['no directory', archive({}).subarray(0, -22), /no directory at its end/],
    ['a cut end', archive({}).subarray(0, -1), /no directory at its end/],
    [
      'numbers that should be in a ZIP64 field',
      archive({ 2: { zip64: 'none' } }),
      /4294967295 bytes should lie at.*beyond byte/,
    ],
    [
      'a size of 2^60 in a ZIP64 field',
      archive({ 2: { zip64: 'all', listed: { size: 2 ** 60 } } }),
      /should lie at.*beyond byte/,
    ],
    [
      'a byte order of its own',
      archive({ 1: { data: Buffer.from('middle') } }),
      /byteorder is "middle", expected little or big/,
    ],
  ];
  for (const [what, bytes, pattern] of cases) it(what, () => refuses(bytes, pattern));

  it('two archives in one', () => {
    const other = checkpoint(GOOD).map((entry) => ({ ...entry, name: entry.name.replace('archive', 'other') }));
    assert.equal(load(zip([...checkpoint(GOOD), ...other])).size, 1, 'the first one counts, as in torch');
    refuses(
      zip([{ name: 'x/y', data: new Uint8Array(1) }, ...checkpoint(GOOD), ...other]),
      /without FOLDER\/data\.pkl/,
    );
  });
});

describe('legacy files that lie', () => {
  const storage = new Uint8Array(16);
  const good = legacy(GOOD, ['0'], [storage]);
  const cases: readonly [string, Buffer, RegExp][] = [
    ['cut in a storage', good.subarray(0, -1), /ends at byte \d+, but storage "0" of 16 bytes.*incomplete/],
    ['cut in the pickle', good.subarray(0, 60), /ends in the middle of a name.*download it again/],
    [
      'a storage of another length',
      legacy(GOOD, ['0'], [new Uint8Array(20)]),
      /storage "0" has 5 values at byte \d+, expected 4/,
    ],
    ['a storage too many', legacy(GOOD, ['0', '1'], [storage, storage]), /storage "1" that no tensor uses/],
    ['a storage twice', legacy(GOOD, ['0', '0'], [storage, storage]), /storage "0" twice/],
    ['no storage', legacy(GOOD, [], []), /uses storage "0", which the file does not hold/],
    [
      'keys of another kind',
      Buffer.concat([legacy(GOOD, [], []).subarray(0, -4), P.proto, P.int(1), P.stop]),
      /keys are 1, expected a list/,
    ],
  ];
  for (const [what, bytes, pattern] of cases) it(what, () => refuses(bytes, pattern));
});
