// The image that published results are for, fetched once and kept in the cache.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cacheFolder } from '../core/cache-folder';
import { fetchContent, isOffline, UnreachableError } from '../hub';
import { loadRgb } from '../preprocessing';
import { PUBLISHED_PICTURE } from './published-results';

/** The image has some hundred kilobytes. */
const MAX_BYTES = 16 * 2 ** 20;
const ATTEMPTS = 3;

/**
 * @returns its path
 * @throws {HubError} when it is not in the cache and cannot be fetched
 * @throws {ImageError} when the response is not an image
 */
export async function publishedPicture(options: { readonly signal?: AbortSignal } = {}): Promise<string> {
  const folder = path.join(cacheFolder(), 'pictures');
  const file = path.join(folder, path.posix.basename(PUBLISHED_PICTURE));
  if (fs.existsSync(file)) return file;
  if (isOffline())
    throw new UnreachableError(
      `${PUBLISHED_PICTURE} is not in the cache (${file}), and HF_HUB_OFFLINE forbids to fetch it.`,
    );
  const { bytes } = await fetchContent(PUBLISHED_PICTURE, { ...options, maxBytes: MAX_BYTES, attempts: ATTEMPTS });
  await loadRgb(bytes); // a proxy's login page is not an image
  await fs.promises.mkdir(folder, { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await fs.promises.writeFile(temporary, bytes);
  await fs.promises.rename(temporary, file);
  return file;
}
