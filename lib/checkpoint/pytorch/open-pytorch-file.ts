// Opens what torch.save wrote (pytorch_model.bin, .pth, .pt): its tensors by name, still on disk. PyTorch is not needed, and nothing in
// the file is executed.
import type { WeightsFile } from '../checkpoint-tensor';
import { PyTorchFileError } from '../errors';
import { openFile, type FileReader } from '../file-reader';
import { DTYPE_BYTES } from '../checkpoint-tensor';
import { StoredTensor } from '../stored-tensor';
import { findStateDict } from './find-state-dict';
import { readLegacyForm } from './read-legacy-form';
import { readZipForm } from './read-zip-form';
import type { TorchObject } from './torch-object';
import type { TensorView } from './torch-tensors';

/** Enough to tell what kind of file it is. */
const HEAD_BYTES = 64;
/** Where a tar archive has "ustar". */
const TAR_MARK = { at: 257, text: 'ustar' };

/**
 * Opens a file in torch's form since 1.6 (a ZIP archive) or in the one before. Checks all of it but the numbers; reads no weights.
 *
 * @example
 * const file = openPyTorchFile('pytorch_model.bin');
 * file.tensors.get('text_decoder.cls.predictions.bias')?.shape // [ 30524 ]
 * file.close();
 * @throws {PyTorchFileError} when the file is damaged, names something that weights do not need, or holds no state dict
 */
export function openPyTorchFile(path: string): WeightsFile {
  const file = openFile(path, PyTorchFileError);
  try {
    const { root, bigEndian } = readForm(file);
    const tensors = new Map(
      [...findStateDict(root, path)].map(([name, view]) => [name, storedTensor(file, name, view, bigEndian)]),
    );
    return { path, tensors, close: file.close };
  } catch (error) {
    file.close();
    throw error;
  }
}

function readForm(file: FileReader): TorchObject {
  const head = file.read(0, Buffer.alloc(Math.min(file.size, HEAD_BYTES)));
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return readZipForm(file);
  if (head[0] === 0x80) return readLegacyForm(file);
  throw new PyTorchFileError(`${file.path}: ${explainHead(file, head)}`);
}

function explainHead(file: FileReader, head: Buffer): string {
  const text = head.toString('latin1');
  if (file.size === 0) return 'is empty. Download it again.';
  if (text.startsWith('version https://git-lfs'))
    return 'is a pointer of Git LFS, not the weights. Fetch them: git lfs pull.';
  if (/^\s*<(!doctype|html)/i.test(text)) return 'is a web page, not the weights. Download the file itself.';
  if (text.startsWith('{', 8)) return 'is a safetensors file. Name it model.safetensors.';
  if (isTar(file)) return 'is in the tar form of PyTorch 0.1, which is not read. Save it again with a current PyTorch.';
  return `begins with the bytes ${head.toString('hex', 0, 8)}, expected a ZIP archive (504b0304) or a pickle (80). Was it saved with torch.save? If so, the file is damaged; download it again.`;
}

function isTar(file: FileReader): boolean {
  const { at, text } = TAR_MARK;
  return file.size > at + text.length && file.read(at, Buffer.alloc(text.length)).toString('latin1') === text;
}

function storedTensor(file: FileReader, name: string, view: TensorView, bigEndian: boolean): StoredTensor {
  const { storage, dtype, layout } = view;
  const before = storage.offset * storage.type.valueBytes;
  return new StoredTensor(file, {
    name,
    dtype,
    shape: layout.shape,
    position: (storage.place.position ?? 0) + before,
    layout,
    bigEndian: bigEndian && DTYPE_BYTES[dtype] > 1,
  });
}
