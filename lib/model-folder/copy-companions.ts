// Copies what a model folder carries beside its graphs: configuration, image processor, tokenizer.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isPlainFile } from '../core/is-plain-file';
import { COMPANION_FILES } from '../checkpoint/checkpoint-files';

/**
 * Copies the companion files that `from` has. Links (as in a hub cache) are followed: the target folder must stand
 * alone.
 *
 * @param from a checkpoint folder or a converted model folder
 */
export async function copyCompanions(from: string, to: string): Promise<void> {
  for (const name of COMPANION_FILES) {
    const source = path.join(from, name);
    if (isPlainFile(source)) await fs.promises.copyFile(source, path.join(to, name));
  }
}
