// Which files of a folder or an archive are images, by their names. What is in a file that is named does not depend on
// its name.

/** Files that are decoded. `.jfif` and `.jpe` are JPEG, as browsers on Windows save it. */
const READABLE = /\.(avif|bmp|gif|jfif|jpe|jpe?g|png|tiff?|webp)$/i;
/** Photos that cannot be decoded: left out in silence, they would be missed. */
const UNREADABLE = /\.(hei[cf]|jp2|jxl)$/i;

/** For messages. */
export const IMAGE_KINDS = 'jpg, png, webp, gif, tiff, avif, bmp';

/** Whether a file counts as an image. One that cannot be decoded counts, too: whoever reads it says why it cannot. */
export function isImageFile(name: string): boolean {
  return READABLE.test(name) || UNREADABLE.test(name);
}

/**
 * Those of a folder's files that are images. A HEIC photo beside its JPEG, as phones export them, is left out.
 *
 * @example
 * imageFiles(['1.heic', '1.jpg', '2.heic', 'notes.txt']) // Set { '1.jpg', '2.heic' }
 */
export function imageFiles(names: readonly string[]): ReadonlySet<string> {
  const readable = names.filter((name) => READABLE.test(name));
  const stems = new Set(readable.map(stemOf));
  const rest = names.filter((name) => UNREADABLE.test(name) && !stems.has(stemOf(name)));
  return new Set([...readable, ...rest]);
}

function stemOf(name: string): string {
  return name.replace(/\.[^.]*$/, '').toLowerCase();
}
