// An image of a batch, before anything of it is read.

/** Where an image's bytes are: a path, an address, or memory. */
export interface BatchItem {
  /** As it stands in the output and in messages. */
  readonly name: string;
  readonly source: string | Uint8Array;
  /** The name below its input: what a shard is chosen by. The same wherever the input lies. */
  readonly key: string;
  /** Asked about this image alone, from the column of a table. */
  readonly questions?: readonly string[];
}

/** Something in an input that is no image to be read. */
export interface BadItem {
  readonly name: string;
  readonly key: string;
  readonly problem: string;
  /** Stands for images that could not be listed: every shard misses some of them, and says so. */
  readonly isUnlisted?: boolean;
}

/** An address: what is not a path. A drive letter is one letter. */
export const ADDRESS = /^(?:https?|data|file):/i;
