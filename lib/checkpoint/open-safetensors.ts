// Opens safetensors files: https://github.com/huggingface/safetensors, with all checks of its Rust reference.
// Weights stay on disk until they are asked for, one tensor at a time, so a 1.5 GB checkpoint never sits in memory
// whole.
import { checkArguments } from '../core/check-arguments';
import type { WeightsFile } from './checkpoint-tensor';
import { SafetensorsError } from './errors';
import { openFile } from './file-reader';
import { readSafetensorsHeader } from './safetensors-header';
import { StoredTensor } from './stored-tensor';

export interface SafetensorsFile extends WeightsFile {
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Opens a file and checks its header; reads no weights.
 *
 * @example
 * const file = openSafetensors('model.safetensors');
 * file.tensors.get('text_decoder.cls.predictions.bias')?.shape // [ 30524 ]
 * file.close();
 * @throws {SafetensorsError}
 */
export function openSafetensors(path: string): SafetensorsFile {
  checkArguments('openSafetensors', { path: [path, 'path'] });
  const file = openFile(path, SafetensorsError);
  try {
    const { metadata, entries, dataStart } = readSafetensorsHeader(file);
    const tensors = new Map(
      entries.map(({ name, dtype, shape, begin }) => [
        name,
        new StoredTensor(file, { name, dtype, shape, position: dataStart + begin }),
      ]),
    );
    return { path, tensors, metadata, close: file.close };
  } catch (error) {
    file.close();
    throw error;
  }
}
