// The picture that the notebooks look at, as a file: the project's own, yours, or the tutorial's photo, fetched once.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { BlipError } from '../core/errors';
import { HubError, isUrl } from '../hub';
import { cachedImage, ImageError, type CachedImageOptions } from '../preprocessing';
import { BUNDLED, type RunSettings } from './run-settings';

/** The picture is not there, cannot be fetched, or is none. */
export class DemoPictureError extends BlipError {}

export type DemoPictureOptions = CachedImageOptions;

const INSTEAD = `Name an image of yours: BLIP_PICTURE=photo.jpg (a path or an address).`;

/**
 * The picture's path. One behind an address is fetched once and kept in the platform's cache folder.
 *
 * @example
 * await demoPicture(runSettings()) // 'data/pictures/demo.jpg'
 * @throws {DemoPictureError} when it is missing, cannot be fetched, or is no image
 */
export async function demoPicture(
  settings: Pick<RunSettings, 'picture'>,
  options: DemoPictureOptions = {},
): Promise<string> {
  checkArguments('demoPicture', { settings: [settings, ['picture']] });
  checkOptions('demoPicture', options, ['cache_dir', 'progress_callback', 'signal']);
  const { picture } = settings;
  checkArguments('demoPicture', { 'settings.picture': [picture, 'path'] });
  if (!isUrl(picture)) {
    if (!fs.existsSync(picture))
      throw new DemoPictureError(
        `${picture}: no such file; paths start at ${process.cwd()}. Expected an image: name one with BLIP_PICTURE.`,
      );
    return picture;
  }
  return explained(picture, () => cachedImage(picture, options));
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

/**
 * What to keep in mind when the small bundled model looks at something else than a drawn scene; undefined otherwise.
 *
 * @example
 * trainingNote(runSettings({ BLIP_PICTURE: 'photo.jpg' }))
 * // 'models/blip-scenes was trained on drawn scenes alone ...'
 */
export function trainingNote(settings: RunSettings): string | undefined {
  checkArguments('trainingNote', { settings: [settings, ['model', 'isBundled', 'picture']] });
  const { model, isBundled, picture } = settings;
  if (!isBundled) return undefined;
  const drawn = path.resolve(path.dirname(BUNDLED.picture));
  if (!isUrl(picture) && path.resolve(path.dirname(picture)) === drawn) return undefined;
  return (
    `${model} was trained on drawn scenes alone (beach, park, street and snow, with animals, balls, cars ` +
    'and houses), on no photo: ' +
    'it answers with the words of those scenes, whatever it sees. For photos: BLIP_MODEL=Salesforce/blip-vqa-base.'
  );
}
