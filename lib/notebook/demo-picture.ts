// The picture that the notebooks look at, as a file: the project's own, yours, or the tutorial's photo, fetched once.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cacheFolder } from '../core/cache-folder';
import { BlipError } from '../core/errors';
import type { ProgressCallback } from '../core/progress';
import { publishedPicture, PUBLISHED_PICTURE } from '../evaluation';
import { fetchContent, HubError, isOffline, isUrl, UnreachableError } from '../hub';
import { ImageError, loadRgb } from '../preprocessing';
import { BUNDLED, type RunSettings } from './run-settings';

/** The picture is not there, cannot be fetched, or is none. */
export class DemoPictureError extends BlipError {}

export interface DemoPictureOptions {
  /** Where fetched pictures are kept; `pictures` in the library's cache folder by default. */
  readonly cache_dir?: string;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

/** Above any camera's photo. */
const MAX_BYTES = 64 * 2 ** 20;
const INSTEAD = `Name an image of yours: BLIP_PICTURE=photo.jpg (a path or an address).`;

/**
 * The picture's path. One behind an address is fetched once and kept in the platform's cache folder.
 *
 * @example
 * await demoPicture(runSettings()) // 'data/pictures/demo.jpg'
 * @throws {DemoPictureError} when it is missing, cannot be fetched, or is no image
 */
export async function demoPicture(
  { picture }: Pick<RunSettings, 'picture'>,
  options: DemoPictureOptions = {},
): Promise<string> {
  if (!isUrl(picture)) {
    if (!fs.existsSync(picture))
      throw new DemoPictureError(
        `${picture}: no such file; paths start at ${process.cwd()}. Expected an image: name one with BLIP_PICTURE.`,
      );
    return picture;
  }
  return explained(picture, async () => {
    if (picture === PUBLISHED_PICTURE && options.cache_dir === undefined) return publishedPicture(options);
    const folder = options.cache_dir ?? path.join(cacheFolder(), 'pictures');
    const file = path.join(folder, cachedName(picture));
    if (!fs.existsSync(file)) keep(file, await fetchPicture(picture, options));
    return file;
  });
}

/** The file's own name behind a digest of the whole address. */
function cachedName(address: string): string {
  const digest = createHash('sha256').update(address).digest('hex').slice(0, 12);
  const name = path.posix.basename(new URL(address).pathname).replace(/[^\w.-]/g, '_');
  return `${digest}-${name || 'picture'}`;
}

async function fetchPicture(address: string, options: DemoPictureOptions): Promise<Uint8Array> {
  const { progress_callback, signal } = options;
  if (isOffline()) throw new UnreachableError('HF_HUB_OFFLINE is set');
  const { bytes } = await fetchContent(address, { maxBytes: MAX_BYTES, progress_callback, signal });
  await loadRgb(bytes); // what a network's login page sends instead must not be kept
  return bytes;
}

async function explained(address: string, fetch: () => Promise<string>): Promise<string> {
  try {
    return await fetch();
  } catch (error) {
    if (error instanceof ImageError)
      throw new DemoPictureError(`${address}: the response is not an image: ${error.message} ${INSTEAD}`, {
        cause: error,
      });
    if (!(error instanceof HubError)) throw error;
    throw new DemoPictureError(
      `${address}: the image for checkpoints that were trained on photos could not be fetched: ${error.message} ` +
        `${INSTEAD}`,
      { cause: error },
    );
  }
}

/** Whole or not at all. */
function keep(file: string, bytes: Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    try {
      fs.writeFileSync(temporary, bytes);
      fs.renameSync(temporary, file);
    } finally {
      fs.rmSync(temporary, { force: true });
    }
  } catch (error) {
    throw new DemoPictureError(
      `${file}: the picture could not be kept: ${error instanceof Error ? error.message : String(error)}. Choose ` +
        'another cache folder: BLIP_CACHE.',
      { cause: error },
    );
  }
}

/**
 * What to keep in mind when the small bundled model looks at something else than a drawn scene; undefined otherwise.
 *
 * @example
 * trainingNote(runSettings({ BLIP_PICTURE: 'photo.jpg' })) // 'models/blip-scenes was trained on drawn scenes alone ...'
 */
export function trainingNote({ isBundled, picture }: RunSettings): string | undefined {
  if (!isBundled) return undefined;
  const drawn = path.resolve(path.dirname(BUNDLED.picture));
  if (!isUrl(picture) && path.resolve(path.dirname(picture)) === drawn) return undefined;
  return (
    `${BUNDLED.model} was trained on drawn scenes alone (beach, park, street and snow, with animals, balls, cars ` +
    'and houses), on no photo: ' +
    'it answers with the words of those scenes, whatever it sees. For photos: BLIP_MODEL=Salesforce/blip-vqa-base.'
  );
}
