// Fuzz targets: images of every format and parquet files, damaged, and decoded to the last pixel or value.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ParquetFile } from '../../lib/datasets/parquet';
import { decodeImage } from '../../lib/preprocessing/decode-image';
import { readImageSource } from '../../lib/preprocessing/read-image-source';
import { projectRoot } from '../project-root';
import { mutateBytes } from './mutate-bytes';
import type { Random } from './random';
import type { FuzzInput, FuzzTarget } from './target';

const FIXTURES = path.join(projectRoot(), 'tests', 'fixtures');
const IMAGES = path.join(FIXTURES, 'images');
const PARQUET = path.join(FIXTURES, 'datasets', 'forms');
const IMAGE = /\.(jpe?g|png|webp|gif|tiff?|avif|bmp)$/;
/** A larger file takes so long that few are tried. */
const MAX_BYTES = 200_000;
const MAX_ROWS = 10_000;

function damaged(folder: string, pattern: RegExp, random: Random): FuzzInput {
  const names = fs
    .readdirSync(folder)
    .filter((name) => pattern.test(name) && fs.statSync(path.join(folder, name)).size <= MAX_BYTES);
  // By format first: there are many more files of some than of others.
  const extension = random.pick([...new Set(names.map((name) => path.extname(name)))].sort());
  const name = random.pick(names.filter((each) => each.endsWith(extension)).sort());
  return { name, bytes: mutateBytes(fs.readFileSync(path.join(folder, name)), random) };
}

export const imagesTarget: FuzzTarget = {
  name: 'images',
  make: (random) => damaged(IMAGES, IMAGE, random),
  async run({ name }, folder) {
    await decodeImage(await readImageSource(path.join(folder, name)));
  },
};

export const parquetTarget: FuzzTarget = {
  name: 'parquet',
  make: (random) => damaged(PARQUET, /\.parquet$/, random),
  async run({ bytes }) {
    const file = await ParquetFile.open({
      byteLength: bytes.length,
      slice: async (start, end = bytes.length) => new Uint8Array(bytes.subarray(start, end)).buffer,
    });
    for (const groups of file.planSpans()) {
      const span = file.openSpan(groups);
      for (const leaf of file.footer.leaves) await span.read(leaf, 0, Math.min(span.rows, MAX_ROWS));
    }
  },
};
