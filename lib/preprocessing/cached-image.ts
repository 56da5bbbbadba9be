// An image behind an address, fetched once and kept in a folder of the cache.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { withCallbacks } from '../core/with-callbacks';
import { cacheFolder } from '../core/cache-folder';
import type { ProgressCallback } from '../core/progress';
import { writeWhole } from '../core/write-whole';
import { CacheError, fetchContent, isOffline, UnreachableError } from '../hub';
import { loadRgb } from './image';

/** Above any camera's photo. */
const MAX_BYTES = 64 * 2 ** 20;
/** Enough to tell the addresses apart that somebody uses. */
const DIGEST_DIGITS = 12;

export interface CachedImageOptions {
  /** Where fetched images are kept; `pictures` in the library's cache folder by default. */
  readonly cache_dir?: string;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

/**
 * @param address http or https
 * @returns the image's path: its own name behind a digest of the whole address
 * @throws {HubError} when it is not in the cache and cannot be fetched, or cannot be kept
 * @throws {ImageError} when the response is not an image
 * @example
 * await cachedImage('https://example.com/photos/dog.jpg') // '/home/ada/.cache/blip-openvino/pictures/…-dog.jpg'
 */
export async function cachedImage(address: string, options: CachedImageOptions = {}): Promise<string> {
  const { cache_dir = path.join(cacheFolder(), 'pictures'), progress_callback, signal } = options;
  signal?.throwIfAborted();
  const file = path.join(cache_dir, nameOf(address));
  if (fs.existsSync(file)) return file;
  if (isOffline()) throw new UnreachableError(`${address} is not in the cache (${file}), and HF_HUB_OFFLINE is set.`);
  const { bytes } = await withCallbacks(signal, (guard) =>
    fetchContent(address, { maxBytes: MAX_BYTES, progress_callback: guard(progress_callback), signal }),
  );
  await loadRgb(bytes); // a network's login page is not an image, and must not be kept
  try {
    writeWhole(file, bytes);
  } catch (error) {
    throw new CacheError(
      `${file}: the image could not be kept: ${error instanceof Error ? error.message : String(error)}. ` +
        'Choose another cache folder: BLIP_CACHE.',
      { cause: error },
    );
  }
  return file;
}

function nameOf(address: string): string {
  const digest = createHash('sha256').update(address).digest('hex').slice(0, DIGEST_DIGITS);
  const name = path.posix.basename(new URL(address).pathname).replace(/[^\w.-]/g, '_');
  return `${digest}-${name || 'image'}`;
}
