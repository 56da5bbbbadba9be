// Where a data set is cut into calibration and validation: exactly, when it is small enough to look at every image's
// identity.
import { DEFAULT_BOUND, divisionBound } from './divide-rows';
import type { OpenVqaFile, VqaFiles } from './open-vqa-files';
import { Digests, readIds, readImages } from './read-vqa-rows';
import { rowImage } from './read-row-image';
import { VqaParquetError } from './vqa-parquet-error';

/** Larger data sets have images enough for a fixed bound. */
const MAX_FILES = 8;
const MAX_ROWS = 1024;
/** Without ids the images themselves are read. */
const MAX_IMAGE_BYTES = 1 << 24;

/** @returns the bound for `partOf` */
export async function findBound(files: VqaFiles, signal?: AbortSignal): Promise<number> {
  if (files.names.length > MAX_FILES) return DEFAULT_BOUND;
  const opened: OpenVqaFile[] = [];
  let rows = 0;
  for (const index of files.names.keys()) {
    const file = await files.open(index);
    if (file instanceof VqaParquetError) continue;
    opened.push(file);
    rows += file.parquet.footer.rows;
    if (rows > MAX_ROWS) return DEFAULT_BOUND;
  }
  const identities = new Set<string>();
  let bytes = 0;
  for (const { parquet, columns } of opened)
    for (const groups of parquet.planSpans()) {
      signal?.throwIfAborted();
      const span = parquet.openSpan(groups);
      const digests = new Digests();
      const ids = await readIds(span, columns);
      const isNamed = ids.length > 0 && !ids.includes(undefined);
      if (!isNamed) {
        bytes += span.bytesOf(columns.image);
        if (bytes > MAX_IMAGE_BYTES) return DEFAULT_BOUND;
      }
      const images = isNamed ? [] : await readImages(span, columns.image, { from: 0, to: span.rows });
      for (let row = 0; row < span.rows; row++) {
        const id = ids[row];
        const image = id === undefined ? rowImage(images.map((values) => values[row])) : undefined;
        if (id !== undefined) identities.add(`id:${id}`);
        else if (image !== undefined && typeof image !== 'string') identities.add(digests.identify(image));
      }
    }
  return divisionBound(identities);
}
