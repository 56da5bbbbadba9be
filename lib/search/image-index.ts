// An index of a folder's images in memory: whose features it holds, and the features.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { SearchError } from './errors';
import { readIndexFile, type IndexContents } from './index-file';
import type { IndexedImage } from './index-header';
import type { RetrievalModel } from './retrieval-model';

/** Where the index of a folder lies unless another place is named. It is hidden, and not taken for an image. */
const INDEX_FILE = '.blip-index';

/** A file that could not be indexed. */
export interface SkippedImage {
  /** Relative to the folder. */
  readonly path: string;
  readonly reason: string;
}

/** What bringing an index up to date did: numbers of images, and the files that could not be used. */
export interface IndexReport {
  /** Encoded now. */
  readonly added: number;
  /** Encoded again: their content is another. */
  readonly changed: number;
  /** Found under another path, or a copy of an image that is known: not encoded again. */
  readonly renamed: number;
  readonly removed: number;
  readonly unchanged: number;
  readonly skipped: readonly SkippedImage[];
}

export interface OpenIndexOptions {
  /** The index's file; `.blip-index` in the folder by default. */
  readonly index_file?: string;
}

interface IndexParts {
  readonly folder: string;
  readonly file: string;
  readonly model: RetrievalModel;
  readonly images: readonly IndexedImage[];
  readonly features: Float32Array;
  readonly report?: IndexReport;
}

/** The images of a folder with their features: what `indexImages` and `openImageIndex` return. */
export class ImageIndex {
  /** The indexed folder, as it was given. */
  readonly folder: string;
  readonly file: string;
  readonly model: RetrievalModel;
  readonly images: readonly IndexedImage[];
  /** [images, size] f32: 1 KiB an image for the published checkpoints. */
  readonly features: Float32Array;
  /** Undefined where the index was opened without looking for changes. */
  readonly report: IndexReport | undefined;

  constructor({ folder, file, model, images, features, report }: IndexParts) {
    this.folder = folder;
    this.file = file;
    this.model = model;
    this.images = images;
    this.features = features;
    this.report = report;
  }

  get length(): number {
    return this.images.length;
  }

  /** The path of an image, from where `folder` starts. */
  pathOf(row: number): string {
    return path.join(this.folder, this.images[row].path);
  }
}

export function indexFile(folder: string, { index_file }: OpenIndexOptions): string {
  return index_file ?? path.join(folder, INDEX_FILE);
}

/**
 * Opens the index of a folder as it was saved, without looking for changes in the folder.
 *
 * @throws {SearchError} when there is none, it is damaged, or another model made it
 * @example
 * const index = await openImageIndex('data/pictures', model);
 * index.length // 8
 */
export async function openImageIndex(
  folder: string,
  model: RetrievalModel,
  options: OpenIndexOptions = {},
): Promise<ImageIndex> {
  checkArguments('openImageIndex', {
    folder: [folder, 'path'],
    model: [model, ['matcher', 'processor', 'digest']],
    index_file: [options?.index_file ?? '', 'path'],
  });
  checkOptions('openImageIndex', options, ['index_file']);
  const file = indexFile(folder, options);
  const contents = await readIndexFile(file);
  checkIndex(file, contents, folder, model);
  return new ImageIndex({ folder, file, model, images: contents.images, features: contents.features });
}

/** @throws {SearchError} when an index was made by another model, or of another folder */
export function checkIndex(
  file: string,
  { model: made, folder: of, size }: IndexContents,
  folder: string,
  model: RetrievalModel,
): void {
  if (made.digest !== model.digest || size !== model.size)
    throw new SearchError(
      `${file}: was made by ${made.id} (${made.digest.slice(0, 8)}), but this model is ${model.id} ` +
        `(${model.digest.slice(0, 8)}); features of two models, or of a model and its INT8 version, cannot be ` +
        'compared. Name another index_file for this model, or make the index anew with rebuild: true.',
    );
  if (of !== folderName(file, folder))
    throw new SearchError(
      `${file}: is the index of ${describeFolder(file, of)}, expected ${path.resolve(folder)}. Name another ` +
        'index_file for this folder, or make the index anew with rebuild: true.',
    );
}

/** How an index names its folder: relative to itself, so that both can be moved. */
export function folderName(file: string, folder: string): string {
  const relative = path.relative(path.dirname(path.resolve(file)), path.resolve(folder));
  return relative.split(path.sep).join('/') || '.';
}

function describeFolder(file: string, folder: string): string {
  return path.resolve(path.dirname(file), folder);
}
