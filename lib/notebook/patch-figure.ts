// What the vision model gets: the image beside the square that it is squashed to, with the grid of patches over it.
import { ArgumentError, checkArguments } from '../core/check-arguments';
import { loadRgb, type BlipProcessor, type ImageSource, type PixelValues, type RgbImage } from '../preprocessing';
import { arrow, diagram, text } from './diagram';
import { embeddedImage, showSVG, type Drawing } from './show-svg';

export interface PatchFigure {
  /** The image as it was. */
  readonly image: ImageSource;
  /** What the processor made of it: [1, 3, image_size, image_size] f32. */
  readonly pixel_values: PixelValues;
  /** Pixels of a patch's side: `config.vision_config.patch_size`. */
  readonly patch_size: number;
}

const SIDE = 300;
const MARGIN = 16;
const ARROW = 56;
const LABEL_HEIGHT = 30;

/** Draws the image, and the pixels that the model gets, cut into patches. */
export async function patchFigure(processor: BlipProcessor, figure: PatchFigure): Promise<Drawing> {
  checkArguments('patchFigure', {
    processor: [processor, ['imageConfig']],
    figure: [figure, ['image', 'pixel_values', 'patch_size']],
  });
  const { image, pixel_values, patch_size } = figure;
  checkArguments('patchFigure', {
    pixel_values: [pixel_values, ['data', 'dims']],
    patch_size: [patch_size, 'number'],
  });
  if (!Number.isSafeInteger(patch_size) || patch_size < 1)
    throw new ArgumentError(`patchFigure: patch_size is ${patch_size}, expected a whole number of pixels, such as 16.`);
  const before = await loadRgb(image);
  const after = unnormalize(processor, pixel_values);
  const [left, right] = [await embeddedImage(before, 2 * SIDE), await embeddedImage(after, 2 * SIDE)];
  const scale = SIDE / Math.max(before.width, before.height);
  const [width, height] = [before.width * scale, before.height * scale];
  const [columns, rows] = [after.width, after.height].map((size) => Math.floor(size / patch_size));
  const x = MARGIN + width + ARROW;
  const step = (SIDE * patch_size) / after.width;
  const lines = (count: number, line: (at: number) => string): string =>
    Array.from({ length: count + 1 }, (_, i) => line(i * step)).join('');
  const alt =
    `The image, ${before.width} x ${before.height} pixels, is squashed to ${after.width} x ${after.height} ` +
    `pixels and cut into ${columns} x ${rows} patches of ${patch_size} x ${patch_size} pixels.`;
  const middle = MARGIN + SIDE / 2;
  const grid =
    lines(columns, (at) => `M${x + at} ${MARGIN}v${rows * step}`) +
    lines(rows, (at) => `M${x} ${MARGIN + at}h${columns * step}`);
  const parts = [
    picture(left.href, { x: MARGIN, y: middle - height / 2, width, height }),
    text(MARGIN + width / 2, middle + height / 2 + 20, `${before.width} x ${before.height} pixels`, { size: 13 }),
    arrow([
      [MARGIN + width + 8, middle],
      [x - 8, middle],
    ]),
    picture(right.href, { x, y: MARGIN, width: SIDE, height: SIDE }),
    `<path d="${grid}" fill="none" stroke="white" stroke-width="2.4"/>`, // over the image: the same on dark pages
    `<path d="${grid}" fill="none" stroke="black" stroke-width="0.8"/>`,
    text(x + SIDE / 2, MARGIN + SIDE + 20, `${after.width} x ${after.height} pixels, ${columns} x ${rows} patches`, {
      size: 13,
    }),
  ];
  const total = Math.round(x + SIDE + MARGIN);
  return { svg: diagram(total, 2 * MARGIN + SIDE + LABEL_HEIGHT - 12, alt, parts), width: total, alt };
}

/**
 * Shows what the vision model gets of an image.
 *
 * @example
 * const pixel_values = await processor.image(picture);
 * await nb.showPatches(processor, { image: picture, pixel_values, patch_size: vision.patch_size });
 */
export async function showPatches(processor: BlipProcessor, figure: PatchFigure): Promise<void> {
  checkArguments('showPatches', { figure: [figure, ['image', 'pixel_values', 'patch_size']] });
  await showSVG(await patchFigure(processor, figure));
}

function picture(
  href: string,
  { x, y, width, height }: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): string {
  return (
    `<image x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none" ` +
    `image-rendering="pixelated" href="${href}"/>`
  );
}

/** The first image of a batch as pixels again: the processor's last steps, backwards. */
function unnormalize({ imageConfig }: BlipProcessor, { data, dims }: PixelValues): RgbImage {
  const { image_mean, image_std, do_rescale, rescale_factor } = imageConfig;
  const [, , height, width] = dims;
  const pixels = new Uint8ClampedArray(3 * width * height);
  for (let channel = 0; channel < 3; channel++)
    for (let i = 0; i < width * height; i++) {
      const value = data[channel * width * height + i] * image_std[channel] + image_mean[channel];
      pixels[3 * i + channel] = do_rescale ? value / rescale_factor : value;
    }
  return { data: new Uint8Array(pixels.buffer), width, height };
}
