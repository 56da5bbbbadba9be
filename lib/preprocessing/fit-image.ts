// What HF's BlipImageProcessor does between decoding and scaling values: resize, then center crop.
import { ImageError } from './errors';
import { MAX_SIDE, type ImageSize } from './parse-image-size';
import type { PreprocessorConfig } from './preprocessor-config';
import { resample } from './resample';
import type { RgbImage } from './rgb-image';

type FitSettings = Pick<PreprocessorConfig, 'do_resize' | 'size' | 'resample' | 'crop_size'>;

/** @returns [height, width, 3] u8; the same object when nothing is to be done */
export function fitImage(image: RgbImage, config: FitSettings): RgbImage {
  const { width, height } = resizedSize(image, config);
  const resized = config.do_resize ? resample(image, width, height, config.resample) : image;
  return config.crop_size ? centerCrop(resized, config.crop_size) : resized;
}

/** The size that every image gets, whatever its own; undefined when it depends on the image. */
export function fittedSize({ do_resize, size, crop_size }: FitSettings): ImageSize | undefined {
  return crop_size ?? (do_resize && 'height' in size ? size : undefined);
}

/**
 * The size that an image is resized to.
 *
 * Source: transformers, image_transforms.py (get_resize_output_image_size)
 *
 * @throws {ImageError} when the longer side would become too long
 */
export function resizedSize(image: ImageSize, { do_resize, size }: FitSettings): ImageSize {
  if (!do_resize) return image;
  if ('height' in size) return size;
  const short = size.shortest_edge;
  const long = Math.trunc((short * Math.max(image.width, image.height)) / Math.min(image.width, image.height));
  if (long > MAX_SIDE)
    throw new ImageError(
      `An image of ${image.width} x ${image.height} pixels, resized to a shorter side of ${short}, would have a ` +
        `longer side of ${long}; expected at most ${MAX_SIDE}. Crop it first.`,
    );
  return image.width <= image.height ? { width: short, height: long } : { width: long, height: short };
}

/**
 * The middle of an image, on black where the image is smaller.
 *
 * Source: transformers, image_transforms.py (center_crop)
 */
function centerCrop(image: RgbImage, { width, height }: ImageSize): RgbImage {
  if (image.width === width && image.height === height) return image;
  const top = Math.floor((image.height - height) / 2);
  const left = Math.floor((image.width - width) / 2);
  const data = new Uint8Array(height * width * 3); // [height, width, 3]
  const from = Math.max(left, 0);
  const to = Math.min(left + width, image.width);
  for (let y = Math.max(top, 0); y < Math.min(top + height, image.height); y++) {
    const row = image.data.subarray((y * image.width + from) * 3, (y * image.width + to) * 3);
    data.set(row, ((y - top) * width + from - left) * 3);
  }
  return { data, width, height };
}
