// Indexes the images of a folder, and brings an index up to date: only what is new or changed is encoded.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { describeValue } from '../core/describe-value';
import type { ProgressCallback } from '../core/progress';
import { withCallbacks } from '../core/with-callbacks';
import { linkTarget } from '../core/link-target';
import { withLock } from '../core/with-lock';
import { readImageSource } from '../preprocessing/read-image-source';
import { ImageError } from '../preprocessing';
import { SearchError } from './errors';
import { findFolderImages, type FolderImages, type FoundFile } from './find-folder-images';
import { checkIndex, folderName, ImageIndex, indexFile, type IndexReport, type OpenIndexOptions } from './image-index';
import { readIndexFile, writeIndexFile, type IndexContents } from './index-file';
import type { IndexedImage } from './index-header';
import type { RetrievalModel } from './retrieval-model';

export interface IndexImagesOptions extends OpenIndexOptions {
  /** Makes the index anew, whatever the file holds; false by default. */
  readonly rebuild?: boolean;
  /** Milliseconds between saves while it works, 30,000 by default: a process that is killed loses no more than that. */
  readonly save_every_ms?: number;
  /** `loaded` of `total` images. */
  readonly progress_callback?: ProgressCallback;
  /** Stops after the image in work; what is done is saved. */
  readonly signal?: AbortSignal;
}

const SAVE_EVERY_MS = 30_000;
/** Saving rewrites the file: of a large index it may take this share of the time at most. */
const SAVE_SHARE = 0.1;
/** A file that changed just before it was read may change again without another time. */
const SETTLED_NS = 2_000_000_000n;

interface Row {
  readonly image: IndexedImage;
  readonly features: Float32Array;
}

/**
 * Encodes the images below a folder (jpg, png, webp, gif, tiff, avif, bmp; hidden ones are left out), and keeps their
 * features in one file. Called again, it encodes only what is new or changed; a file that was renamed, moved or copied
 * is known by its SHA-256. A file that cannot be decoded is skipped and listed. Of several processes one works, and the
 * others wait for it.
 *
 * @param folder the images; the index lies there too, unless `index_file` names another place
 * @returns the index, with `report`
 * @throws {SearchError} when the index is damaged, of another model or another folder, or the folder has no images
 * @throws the system's error when the index cannot be written
 * @example
 * const index = await indexImages('data/pictures', model);
 * index.report // { added: 8, changed: 0, renamed: 0, removed: 0, unchanged: 0, skipped: [] }
 */
export async function indexImages(
  folder: string,
  model: RetrievalModel,
  options: IndexImagesOptions = {},
): Promise<ImageIndex> {
  checkOptions('indexImages', options, ['index_file', 'rebuild', 'save_every_ms', 'progress_callback', 'signal']);
  checkArguments('indexImages', {
    folder: [folder, 'path'],
    model: [model, ['matcher', 'processor', 'digest']],
    index_file: [options.index_file ?? '', 'path'],
    progress_callback: [options.progress_callback ?? (() => undefined), 'function'],
  });
  const { rebuild = false, save_every_ms = SAVE_EVERY_MS, signal } = options;
  if (typeof rebuild !== 'boolean')
    throw new SearchError(`rebuild is ${describeValue(rebuild)}, expected true or false.`);
  if (typeof save_every_ms !== 'number' || !(save_every_ms >= 0))
    throw new SearchError(`save_every_ms is ${describeValue(save_every_ms)}, expected a number of at least 0.`);
  const file = indexFile(folder, options);
  if (!(statOrNothing(folder)?.isDirectory() ?? false))
    throw new SearchError(
      `${folder}: ${fs.existsSync(folder) ? 'is no folder' : 'no such folder'}. Expected a folder of images.`,
    );
  return withCallbacks(signal, async (guard) => {
    const report = guard(options.progress_callback);
    const work = async (): Promise<ImageIndex> => {
      const old = !rebuild && fs.existsSync(file) ? await readIndexFile(file) : undefined;
      if (old) checkIndex(file, old, folder, model);
      const found = await findFolderImages(folder, signal);
      checkNotEmpty(file, folder, found.files);
      return new IndexUpdate(folder, file, model, { old, found, report, save_every_ms, signal }).run();
    };
    const onWait = (): void => report({ status: 'waiting for another process that indexes', file });
    return withLock(`${linkTarget(file)}.lock`, work, { signal, onWait }).catch((error: unknown) => {
      throw signal?.aborted ? error : explainWrite(error, file);
    });
  });
}

/** The system's refusal to write the index, or its lock, in words. */
function explainWrite(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new SearchError(
    `${file}: the index cannot be written: ${error.message}. Make room there, or name another place: index_file ` +
      '(--index-file).',
    { cause: error },
  );
}

/** A folder that lost all images at once is more likely a disk that is not mounted. */
function checkNotEmpty(file: string, folder: string, files: readonly FoundFile[]): void {
  if (files.length > 0) return;
  throw new SearchError(
    `${folder}: has no images (jpg, png, webp, gif, tiff, avif, bmp). ` +
      (fs.existsSync(file)
        ? `Its index, ${file}, is left as it is: is the disk mounted? Remove the index if the images are gone.`
        : 'Name a folder with images.'),
  );
}

interface UpdateParts {
  readonly old: IndexContents | undefined;
  readonly found: FolderImages;
  readonly report: ProgressCallback;
  readonly save_every_ms: number;
  readonly signal: AbortSignal | undefined;
}

class IndexUpdate {
  readonly #rows: Row[] = [];
  /** Rows of the old index whose files were not looked at yet, by path. */
  readonly #left = new Map<string, Row>();
  readonly #byDigest = new Map<string, Row>();
  readonly #counts = { added: 0, changed: 0, renamed: 0, removed: 0, unchanged: 0 };
  readonly #skipped: { path: string; reason: string }[] = [];
  #unsaved = false;
  #nextSave: number;

  constructor(
    private readonly folder: string,
    private readonly file: string,
    private readonly model: RetrievalModel,
    private readonly parts: UpdateParts,
  ) {
    const { old } = parts;
    for (const [row, image] of (old?.images ?? []).entries()) {
      const features = old?.features.subarray(row * model.size, (row + 1) * model.size) ?? new Float32Array();
      this.#left.set(image.path, { image, features });
      this.#byDigest.set(image.sha256, { image, features });
    }
    this.#unsaved = old === undefined;
    this.#nextSave = performance.now() + parts.save_every_ms;
  }

  async run(): Promise<ImageIndex> {
    const { found, report, signal } = this.parts;
    const total = found.files.length;
    try {
      for (const [done, file] of found.files.entries()) {
        signal?.throwIfAborted();
        await this.#take(file);
        report({ status: 'index', file: file.path, loaded: done + 1, total });
        if (this.#unsaved && performance.now() >= this.#nextSave) await this.#save();
      }
    } catch (error) {
      await this.#save().catch(() => undefined); // the first error says more
      throw error;
    }
    this.#finish();
    if (this.#unsaved) await this.#save();
    const result: IndexReport = { ...this.#counts, skipped: this.#skipped };
    const { images, features } = this.#contents();
    return new ImageIndex({
      folder: this.folder,
      file: this.file,
      model: this.model,
      images,
      features,
      report: result,
    });
  }

  async #take(file: FoundFile): Promise<void> {
    const known = this.#left.get(file.path);
    if (known && known.image.size === file.size && known.image.mtime_ns === String(file.mtimeNs)) {
      this.#keep(file.path, known);
      return;
    }
    let bytes: Uint8Array;
    try {
      bytes = (await readImageSource(path.join(this.folder, file.path))).bytes;
    } catch (error) {
      return this.#skip(file.path, error);
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const isSettled = BigInt(Date.now()) * 1_000_000n - file.mtimeNs > SETTLED_NS;
    const image = { path: file.path, size: bytes.length, mtime_ns: isSettled ? String(file.mtimeNs) : '0', sha256 };
    const same = this.#byDigest.get(sha256);
    if (same) {
      if (known?.image.sha256 === sha256) this.#counts.unchanged++;
      else this.#counts.renamed++;
      if (known?.image.mtime_ns !== image.mtime_ns || known.image.sha256 !== sha256) this.#unsaved = true;
      return this.#add({ image, features: same.features });
    }
    try {
      const pixel_values = await this.model.processor.image(bytes);
      const { data } = await this.model.matcher.getImageFeatures({ pixel_values });
      if (!data.every(Number.isFinite)) throw new ImageError(`${file.path}: its features hold NaN or infinity.`);
      this.#counts[known ? 'changed' : 'added']++;
      this.#unsaved = true;
      this.#add({ image, features: data });
    } catch (error) {
      this.#skip(file.path, error);
    }
  }

  #keep(name: string, row: Row): void {
    this.#counts.unchanged++;
    this.#left.delete(name);
    this.#rows.push(row);
  }

  #add(row: Row): void {
    this.#left.delete(row.image.path);
    this.#byDigest.set(row.image.sha256, row);
    this.#rows.push(row);
  }

  /** @throws what is no fault of the image */
  #skip(name: string, error: unknown): void {
    if (!(error instanceof ImageError)) throw error;
    if (this.#left.delete(name)) {
      this.#counts.removed++;
      this.#unsaved = true;
    }
    this.#skipped.push({ path: name, reason: error.message.replace(/^image in memory \(\d+ bytes\): /, '') });
  }

  /** What is left of the old index is gone from the folder, unless the system did not let look there. */
  #finish(): void {
    const { unreadable } = this.parts.found;
    this.#skipped.push(...unreadable);
    const present = new Set(this.#rows.map(({ image }) => image.sha256));
    for (const [name, row] of this.#left)
      if (unreadable.some((each) => name === each.path || name.startsWith(`${each.path}/`))) this.#rows.push(row);
      else {
        this.#unsaved = true;
        if (!present.has(row.image.sha256)) this.#counts.removed++; // else it has another name now
      }
    this.#left.clear();
  }

  #contents(): IndexContents {
    const { id, digest, size } = this.model;
    // In the middle of the work, what was not looked at yet counts as it was
    const rows = [...this.#rows, ...this.#left.values()];
    const features = new Float32Array(rows.length * size);
    for (const [i, row] of rows.entries()) features.set(row.features, i * size);
    const folder = folderName(this.file, this.folder);
    return { model: { id, digest }, folder, size, images: rows.map(({ image }) => image), features };
  }

  async #save(): Promise<void> {
    if (!this.#unsaved) return;
    const started = performance.now();
    await writeIndexFile(this.file, this.#contents());
    this.#unsaved = false;
    const took = performance.now() - started;
    this.#nextSave = performance.now() + Math.max(this.parts.save_every_ms, took / SAVE_SHARE);
  }
}
