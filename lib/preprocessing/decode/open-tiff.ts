// TIFF (TIFF 6.0): the first page. sharp decompresses; what the samples mean is decided here, as PIL decides it.
//
// libvips converts some kinds otherwise than PIL, or not at all. For these it is handed a copy of the file that calls
// the samples plain gray or RGB, so that they come as they are stored: 16-bit gray with white as zero, CIELAB, raw
// YCbCr, and premultiplied colors.
import { ImageError } from '../errors';
import type { EncodedImage } from '../read-image-source';
import { labToRgb } from './cielab';
import { checkImageSize, stripRows } from './image-limits';
import type { AlphaMode, OpenedImage } from './opened-image';
import { findOrientation } from './orientation';
import { SampleReader, type Preparation, type Rows, type Samples } from './read-samples';
import { readTiffDirectory, type TiffDirectory } from './tiff-directory';
import { clipGray16, cmykToRgb, layOnWhite, toRgb, unpremultiply } from './to-rgb';

const BITS_PER_SAMPLE = 258;
const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const EXTRA_SAMPLES = 338;
const XMP = 700;

/** PHOTOMETRIC: what the samples mean. */
const WHITE_IS_ZERO = 0;
const BLACK_IS_ZERO = 1;
const RGB = 2;
const YCBCR = 6;
const CIELAB = 8;
/** COMPRESSION. */
const UNCOMPRESSED = 1;
/** EXTRA_SAMPLES: what stands beside the colors; 1 and 2 are alpha. */
const UNSPECIFIED = 0;
const PREMULTIPLIED = 1;
const STRAIGHT = 2;

interface Layout {
  readonly photometric: number;
  readonly bits: number;
  /** Meaning of the first sample beside the colors, where the file names one. */
  readonly extra?: number;
}

export async function openTiff({ bytes, name }: EncodedImage, alpha: AlphaMode): Promise<OpenedImage> {
  const directory = readTiffDirectory(bytes);
  if (!directory) throw new ImageError(`${name}: the TIFF's header is damaged. Download or save it again.`);
  const layout = readLayout(directory);
  const plain = copyAsPlain(bytes, directory, layout);
  const reader = new SampleReader(plain, 'error'); // libtiff leaves a damaged strip black and goes on
  const { width, height, space, depth } = await reader.header();
  checkImageSize(name, width, height);
  const readRgb = async (rows: Rows): Promise<Uint8Array> => {
    if (space === 'cmyk') return cmykToRgb(await readInks(reader, rows, depth === 'ushort'));
    if (space === 'grey16' && layout.extra === undefined)
      return clipGray16((await reader.readWide(rows, (image) => image.toColourspace('grey16'))).data);
    const samples = firstChannels(await reader.read(rows));
    if (layout.photometric === CIELAB) return labToRgb(samples);
    if (layout.photometric === YCBCR) return ycbcrToRgb(samples);
    if (layout.extra !== PREMULTIPLIED || samples.channels !== 4)
      return toRgb(samples, layout.extra === UNSPECIFIED ? 'drop' : alpha, name);
    const rgb = toRgb(samples, 'drop', name);
    const alphas = { data: samples.data, first: 3, step: 4 };
    unpremultiply(rgb, alphas, (value, opacity) => Math.trunc((255 * value) / opacity));
    if (alpha === 'white') layOnWhite(rgb, alphas);
    return rgb;
  };
  return {
    width,
    height,
    orientation: findOrientation({ exif: bytes, xmp: directory.bytes(XMP) }),
    stripRows: stripRows(width),
    readRows: (top, count) => readRgb({ width, height, top, count }),
  };
}

function readLayout(directory: TiffDirectory): Layout {
  const first = (tag: number, missing: number): number => directory.numbers(tag)?.[0] ?? missing;
  const photometric = first(PHOTOMETRIC, WHITE_IS_ZERO);
  // libtiff itself makes RGB of compressed YCbCr.
  const compressed = first(COMPRESSION, UNCOMPRESSED) !== UNCOMPRESSED;
  return {
    photometric: photometric === YCBCR && compressed ? RGB : photometric,
    bits: first(BITS_PER_SAMPLE, 1),
    extra: directory.numbers(EXTRA_SAMPLES)?.[0],
  };
}

/** The file itself where libvips and PIL agree about it. */
function copyAsPlain(bytes: Uint8Array, directory: TiffDirectory, { photometric, bits, extra }: Layout): Uint8Array {
  const changes: [tag: number, value: number][] = [];
  if (photometric === CIELAB || photometric === YCBCR) changes.push([PHOTOMETRIC, RGB]);
  if (photometric === WHITE_IS_ZERO && bits === 16) changes.push([PHOTOMETRIC, BLACK_IS_ZERO]);
  if (extra === PREMULTIPLIED) changes.push([EXTRA_SAMPLES, STRAIGHT]);
  if (changes.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  for (const [tag, value] of changes) {
    const at = directory.offset(tag);
    if (at === undefined) continue;
    if (directory.littleEndian) copy.writeUInt16LE(value, at);
    else copy.writeUInt16BE(value, at);
  }
  return copy;
}

/** Cyan, magenta, yellow and black; of 16 bits the upper byte. */
async function readInks(reader: SampleReader, rows: Rows, wide: boolean): Promise<Samples> {
  const prepare: Preparation = (image) => image.pipelineColourspace('cmyk').toColourspace('cmyk');
  if (!wide) return reader.read(rows, prepare);
  const { data, channels } = await reader.readWide(rows, prepare);
  const upper = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) upper[i] = data[i] >> 8;
  return { data: upper, channels };
}

/** Without what stands behind the fourth channel: PIL knows no meaning of it. */
function firstChannels({ data, channels }: Samples): Samples {
  if (channels <= 4) return { data, channels };
  return { data: data.filter((_, at) => at % channels < 4), channels: 4 };
}

/** JPEG's formula in 64ths, as PIL has it but for a few roundings: one value in a hundred is off by 1. */
function ycbcrToRgb({ data, channels }: Samples): Uint8Array {
  const rgb = new Uint8ClampedArray((data.length / channels) * 3);
  for (let source = 0, target = 0; source < data.length; source += channels, target += 3) {
    const [y, blue, red] = [data[source], data[source + 1] - 128, data[source + 2] - 128];
    rgb[target] = y + (Math.trunc(1.402 * 64 * red) >> 6);
    rgb[target + 1] = y + ((Math.trunc(-0.34414 * 64 * blue) + Math.trunc(-0.71414 * 64 * red)) >> 6);
    rgb[target + 2] = y + (Math.trunc(1.772 * 64 * blue) >> 6);
  }
  return new Uint8Array(rgb.buffer);
}
