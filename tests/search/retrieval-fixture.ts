// The reduced copy of a published retrieval checkpoint, converted, and folders of images for it.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import sharp from 'sharp';
import { convertBlip, loadCheckpoint, RetrievalModel } from '../../lib';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
export const CHECKPOINT = path.join(FIXTURES, 'published', 'blip-itm-base-coco');
export const OTHER_CHECKPOINT = path.join(FIXTURES, 'published', 'blip-itm-base-flickr');
const PROPERTIES = { INFERENCE_PRECISION_HINT: 'f32' };

export function workFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-search-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function convert(source: string, output: string): Promise<string> {
  const checkpoint = await loadCheckpoint(source);
  await convertBlip(checkpoint, output, { compress_to_fp16: false }).finally(() => checkpoint.close());
  return output;
}

export async function loadRetrieval(source: string, output: string): Promise<RetrievalModel> {
  return RetrievalModel.fromPretrained(await convert(source, output), { properties: PROPERTIES });
}

/** A small image whose content a number decides. */
export async function writeImage(file: string, seed: number): Promise<void> {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const data = Buffer.from(Array.from({ length: 24 * 24 * 3 }, (_, i) => (i * (seed + 3) + seed * 31) % 256));
  await sharp(data, { raw: { width: 24, height: 24, channels: 3 } })
    .png()
    .toFile(file);
  const past = new Date(Date.now() - 60_000);
  fs.utimesSync(file, past, past);
}
