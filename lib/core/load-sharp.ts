// sharp, loaded at first use: its native library takes longer to load than all of this library.
import type sharp from 'sharp';
import { BlipError } from './errors';

/** sharp is installed but does not load; `message` holds its own words, which name possible solutions. */
export class SharpError extends BlipError {}

/** @throws {SharpError} when its native part is missing or of another machine */
export function loadSharp(): typeof sharp {
  try {
    return require('sharp');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SharpError(
      `The package sharp, which decodes images, does not load on ${process.platform} ${process.arch}: ` +
        `${reason.trim()}\n` +
        'Run: npm install --include=optional sharp',
      { cause: error },
    );
  }
}
