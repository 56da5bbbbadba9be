// Opens what torch.save wrote (pytorch_model.bin, .pth, .pt): its tensors by name, still on disk. PyTorch is not
// needed, and nothing in the file is executed.
import { checkArguments } from '../../core/check-arguments';
import type { WeightsFile } from '../checkpoint-tensor';
import { PyTorchFileError } from '../errors';
import { explainOtherFile } from '../explain-other-file';
import { openFile, type FileReader } from '../file-reader';
import { DTYPE_BYTES } from '../checkpoint-tensor';
import { StoredTensor } from '../stored-tensor';
import { findStateDict } from './find-state-dict';
import { readLegacyForm } from './read-legacy-form';
import { readZipForm } from './read-zip-form';
import type { TorchObject } from './torch-object';
import type { TensorView } from './torch-tensors';

/** Enough to tell which form it is. */
const HEAD_BYTES = 64;

/**
 * Opens a file in torch's form since 1.6 (a ZIP archive) or in the one before. Checks all of it but the numbers; reads
 * no weights.
 *
 * @example
 * const file = openPyTorchFile('pytorch_model.bin');
 * file.tensors.get('text_decoder.cls.predictions.bias')?.shape // [ 30524 ]
 * file.close();
 * @throws {PyTorchFileError} when the file is damaged, names something that weights do not need, or holds no state dict
 */
export function openPyTorchFile(path: string): WeightsFile {
  checkArguments('openPyTorchFile', { path: [path, 'path'] });
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
  throw new PyTorchFileError(
    `${file.path}: ${
      explainOtherFile(file) ??
      `begins with the bytes ${head.toString('hex', 0, 8)}, expected a ZIP archive (504b0304) or a pickle (80). ` +
        'Was it saved with torch.save? If so, the file is damaged; download it again.'
    }`,
  );
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
