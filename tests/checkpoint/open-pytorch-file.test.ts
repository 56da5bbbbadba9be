// Files that torch.save wrote, in every form, against what torch.load makes of them
// (tests/fixtures/make_pytorch_files.py). Exact: bytes are compared.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { openPyTorchFile, openSafetensors, type CheckpointTensor } from '../../lib/checkpoint';
import { unwrapNames } from '../../lib/checkpoint/unwrap-names';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'pytorch');

type Tensors = ReadonlyMap<string, CheckpointTensor>;

function withFile(name: string, check: (tensors: Tensors) => void): void {
  const file = openPyTorchFile(path.join(FIXTURES, name));
  try {
    check(file.tensors);
  } finally {
    file.close();
  }
}

function assertEqual(tensors: Tensors, expectedFile: string): void {
  const expected = openSafetensors(path.join(FIXTURES, expectedFile));
  assert.deepEqual([...tensors.keys()].sort(), [...expected.tensors.keys()].sort());
  for (const [name, reference] of expected.tensors) {
    const tensor = tensors.get(name);
    assert.ok(tensor);
    assert.equal(tensor.dtype, reference.dtype, name);
    assert.deepEqual(tensor.shape, reference.shape, name);
    assert.equal(tensor.byteLength, reference.byteLength, name);
    assert.deepEqual(tensor.bytes(), reference.bytes(), name);
  }
  expected.close();
}

/** All pieces one after the other, each in the same memory of this size. */
function inPieces(tensor: CheckpointTensor, bytes: number): Float32Array {
  const memory = new Uint8Array(bytes);
  const values: number[] = [];
  for (const piece of tensor.floatPieces(() => memory)) {
    assert.ok(piece.length > 0, 'no piece is empty');
    values.push(...piece);
  }
  return Float32Array.from(values);
}

describe('openPyTorchFile gives what torch.load does', () => {
  const forms = [
    ['zip.bin', 'a ZIP archive, as torch writes it'],
    ['legacy.bin', 'the form before PyTorch 1.6'],
    ['protocol3.bin', 'pickle protocol 3'],
    ['protocol4.bin', 'pickle protocol 4'],
    ['protocol5.bin', 'pickle protocol 5'],
    ['no-crc.bin', 'without checksums'],
    ['repacked.bin', 'packed again with zipfile'],
    ['big-endian.bin', 'as a big-endian machine writes it'],
    ['training.bin', 'inside what a training script saves'],
  ] as const;
  for (const [file, what] of forms)
    it(`${what}: every dtype and every kind of view`, () =>
      withFile(file, (tensors) => assertEqual(tensors, 'expected.safetensors')));

  it('dtypes without a class of storages, in both forms', () => {
    for (const file of ['unusual.bin', 'unusual-legacy.bin'])
      withFile(file, (tensors) => assertEqual(tensors, 'unusual-expected.safetensors'));
  });

  it('a part of a storage and texts of Python 2, as PyTorch 0.3 wrote them', () =>
    withFile('parts.bin', (tensors) => assertEqual(tensors, 'parts-expected.safetensors')));

  it('names without the prefix of DistributedDataParallel', () =>
    withFile('module.bin', (tensors) => assertEqual(unwrapNames(tensors), 'expected.safetensors')));

  it('floats in pieces of any size, also where they do not lie in their order', () =>
    withFile('zip.bin', (tensors) => {
      for (const tensor of tensors.values()) {
        if (!/^(F32|F64|F16|BF16)$/.test(tensor.dtype)) continue;
        for (const bytes of [8, 16, 24, 40, 1 << 16])
          assert.deepEqual(inPieces(tensor, bytes), tensor.toFloat32(), `${tensor.name} in ${bytes} bytes`);
      }
    }));

  it('names the tensor whose values are no floats', () =>
    withFile('zip.bin', (tensors) =>
      assert.throws(
        () => tensors.get('int64')?.toFloat32(),
        /zip\.bin, tensor "int64": dtype I64, expected one of F32/,
      ),
    ));

  it('leaves weights on disk and closes the file', () => {
    const open = (): number => (fs.existsSync('/dev/fd') ? fs.readdirSync('/dev/fd').length : 0);
    const before = open();
    const file = openPyTorchFile(path.join(FIXTURES, 'zip.bin'));
    file.close();
    file.close();
    assert.equal(open(), before);
    assert.throws(() => file.tensors.get('float32')?.bytes(), /was closed/);
  });
});
