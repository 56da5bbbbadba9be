// Where the library keeps what it can make again: converted models, data set samples. Follows each platform's
// convention.
import * as path from 'node:path';
import { homeFolder } from './home-folder';

export { CacheFolderError } from './home-folder';

const NAME = 'blip-openvino';

/**
 * The cache folder, as an absolute path. It may not exist yet.
 *
 * The first of these that is set: `BLIP_CACHE` (the folder itself), `XDG_CACHE_HOME`, on Windows `LOCALAPPDATA`, else
 * `~/Library/Caches` on macOS and `~/.cache` elsewhere; below all but the first a folder `blip-openvino`.
 * Downloads from the Hugging Face hub are not kept here but in the hub's own cache, which Python shares.
 *
 * @example
 * cacheFolder() // '/home/ada/.cache/blip-openvino'
 * @throws {CacheFolderError} when no variable is set and the user has no home folder
 */
export function cacheFolder(): string {
  const { BLIP_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (BLIP_CACHE) return path.resolve(expandHome(BLIP_CACHE));
  // The XDG specification says that relative paths are invalid and should be ignored.
  if (XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME)) return path.join(XDG_CACHE_HOME, NAME);
  if (process.platform === 'win32') return path.join(LOCALAPPDATA || path.join(homeFolder(), 'AppData', 'Local'), NAME);
  return path.join(homeFolder(), process.platform === 'darwin' ? path.join('Library', 'Caches') : '.cache', NAME);
}

/** `~` as a shell would expand it: variables set in a configuration file never went through a shell. */
function expandHome(folder: string): string {
  return /^~(?=$|[\\/])/.test(folder) ? path.join(homeFolder(), folder.slice(1)) : folder;
}
