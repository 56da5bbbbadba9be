// The one transparent colour that a GIF or PNG may declare, in place of an alpha channel.
//
// transformers 5 carries it along when PIL turns the picture into RGB, and then paints every pixel of that colour white. To do the same,
// the colour is looked up in the file itself (GIF89a specification, sections 17-23; PNG specification, chunks IHDR, PLTE and tRNS).

export type Rgb = readonly [red: number, green: number, blue: number];

/** @returns undefined when the file is of another kind, has no transparent colour, or more than one */
export function transparentColor(bytes: Uint8Array, format: string | undefined): Rgb | undefined {
  return format === 'gif' ? gifColor(bytes) : format === 'png' ? pngColor(bytes) : undefined;
}

const GIF_HEADER_BYTES = 13,
  GIF_IMAGE_BYTES = 10,
  EXTENSION = 0x21,
  GRAPHIC_CONTROL = 0xf9,
  IMAGE = 0x2c;

/** Header, global palette, then blocks up to the first picture, whose own palette goes first. */
function gifColor(bytes: Uint8Array): Rgb | undefined {
  let palette = GIF_HEADER_BYTES;
  let position = palette + gifPaletteBytes(bytes[10]);
  let index: number | undefined;
  while (position + GIF_IMAGE_BYTES <= bytes.length) {
    if (bytes[position] === IMAGE) {
      if (gifPaletteBytes(bytes[position + GIF_IMAGE_BYTES - 1]) > 0) palette = position + GIF_IMAGE_BYTES;
      return index === undefined ? undefined : rgbAt(bytes, palette + index * 3);
    }
    if (bytes[position] !== EXTENSION) return undefined;
    if (bytes[position + 1] === GRAPHIC_CONTROL)
      index = (bytes[position + 3] & 1) === 1 ? bytes[position + 6] : undefined;
    position += 2;
    while (position < bytes.length && bytes[position] !== 0) position += bytes[position] + 1;
    position += 1;
  }
  return undefined;
}

/** Bit 7: there is a palette; bits 0-2: log2 of its entries, less one; three bytes an entry. */
function gifPaletteBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

const PNG_FIRST_CHUNK = 8,
  PNG_BIT_DEPTH = 24,
  PNG_COLOR_TYPE = 25;

/** For 8 bits and palettes; PIL compares the colour of other depths unscaled, so it hardly ever meets a pixel. */
function pngColor(bytes: Uint8Array): Rgb | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let palette = -1;
  for (let position = PNG_FIRST_CHUNK; position + 12 <= bytes.length; ) {
    const length = view.getUint32(position);
    const name = String.fromCharCode(...bytes.subarray(position + 4, position + 8));
    const data = position + 8;
    if (name === 'PLTE') palette = data;
    if (name === 'IDAT') return undefined;
    if (name === 'tRNS' && data + length <= bytes.length) {
      const type = bytes[PNG_COLOR_TYPE];
      if (type === 3) return paletteColor(bytes, palette, bytes.subarray(data, data + length));
      if (bytes[PNG_BIT_DEPTH] !== 8) return undefined;
      if (type === 0 && length === 2) return [bytes[data + 1], bytes[data + 1], bytes[data + 1]]; // two bytes a value
      return type === 2 && length === 6 ? [bytes[data + 1], bytes[data + 3], bytes[data + 5]] : undefined;
    }
    position = data + length + 4;
  }
  return undefined;
}

/** `alphas` has one byte per palette entry; one colour is meant when a single one is 0 and all others are 255. */
function paletteColor(bytes: Uint8Array, palette: number, alphas: Uint8Array): Rgb | undefined {
  const index = alphas.indexOf(0);
  const single = index >= 0 && palette >= 0 && alphas.every((alpha, entry) => alpha === (entry === index ? 0 : 255));
  return single ? rgbAt(bytes, palette + index * 3) : undefined;
}

function rgbAt(bytes: Uint8Array, position: number): Rgb | undefined {
  return position + 2 < bytes.length ? [bytes[position], bytes[position + 1], bytes[position + 2]] : undefined;
}
