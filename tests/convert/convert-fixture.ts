// Conversion of a test checkpoint into a folder of its own.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip, type ConvertedBlip, type ConvertOptions } from '../../lib/convert';

export const FIXTURES = path.join(__dirname, '..', 'fixtures', 'checkpoints');
export const work = fs.mkdtempSync(path.join(os.tmpdir(), 'convert-blip-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

let folders = 0;
/** A path in the temporary folder at which nothing is. */
export function fresh(): string {
  return path.join(work, `${++folders}`);
}

export async function convert(folder: string, output: string, options?: ConvertOptions): Promise<ConvertedBlip> {
  const checkpoint = await loadCheckpoint(folder);
  try {
    return await convertBlip(checkpoint, output, options);
  } finally {
    checkpoint.close();
  }
}
