// What a file is that cannot be weights as its name says, by its first bytes: downloads often bring something else.
import type { FileReader } from './file-reader';

/** Enough to tell. */
const HEAD_BYTES = 512;
/** Where a tar archive has "ustar". */
const TAR_MARK = 257;

/** @returns what the file is, and what to do, as the rest of a sentence; undefined when it is nothing that is known */
export function explainOtherFile(file: FileReader): string | undefined {
  const head = file.read(0, Buffer.alloc(Math.min(file.size, HEAD_BYTES)));
  const text = head.toString('latin1');
  if (file.size === 0) return 'is empty. Download it again.';
  if (text.startsWith('version https://git-lfs'))
    return 'is a pointer of Git LFS, not the weights. Fetch them: git lfs pull.';
  if (/^\s*<(!doctype|html)/i.test(text)) return 'is a web page, not the weights. Download the file itself.';
  if (text.startsWith('PK\x03\x04') || isPickle(head)) return 'is a file of PyTorch. Name it pytorch_model.bin.';
  if (text.startsWith('\x89HDF')) return 'is a file of TensorFlow (HDF5), which is not read.';
  if (text.startsWith('GGUF')) return 'is a GGUF file, which is not read.';
  if (/^\{["\s]/.test(text.slice(8))) return 'is a safetensors file. Name it model.safetensors.';
  if (/^\s*\{/.test(text)) return 'is JSON, not the weights. Download the file itself.';
  if (text.startsWith('ustar', TAR_MARK))
    return 'is in the tar form of PyTorch 0.1, which is not read. Save it again with a current PyTorch.';
  return undefined;
}

/**
 * PROTO and a protocol. A safetensors header may have a length of the same two bytes, but then others of its eight are
 * 0.
 */
function isPickle(head: Buffer): boolean {
  return head.length >= 8 && head[0] === 0x80 && head[1] >= 2 && head[1] <= 5 && head.readUInt32LE(4) !== 0;
}
