// An image of a batch, before anything of it is read.

/** Where an image's bytes are: a path, an address, or memory. */
export interface BatchItem {
  /** As it stands in the output and in messages. */
  readonly name: string;
  readonly source: string | Uint8Array;
  /** The name below its input: what a shard is chosen by. The same wherever the input lies. */
  readonly key: string;
}

/** Something in an input that is no image to be read. */
export interface BadItem {
  readonly name: string;
  readonly key: string;
  readonly problem: string;
}

/** What is taken of a folder. A file that is named is tried whatever its name. */
export const IMAGE_FILE = /\.(avif|bmp|gif|jpe?g|png|tiff?|webp)$/i;

export const IMAGE_KINDS = 'jpg, png, webp, gif, tiff, avif, bmp';

/** An address: what is not a path. A drive letter is one letter. */
export const ADDRESS = /^(?:https?|data|file):/i;
