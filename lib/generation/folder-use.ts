// What a model folder is loaded for, and what its caller does meanwhile.
import type { Encoders } from './encoders';
import type { ImageEmbeds, PixelInput } from './model-inputs';

export type EncodeImage = (pixel_values: PixelInput) => Promise<ImageEmbeds>;

/** What a folder is loaded for. */
export interface FolderUse {
  /** Why the folder's files do not suffice, or undefined if they do. */
  readonly findProblem: (has: (name: string) => boolean) => string | undefined;
  /** The text encoder is not compiled until a question comes: for callers that never ask one. */
  readonly captionsOnly?: boolean;
  /** Called when the vision model is being compiled, for work on this thread; must not throw. */
  readonly onCompiling?: (() => void) | undefined;
  /** Called when images can be encoded, and waited for, before the models of texts are compiled. */
  readonly onVision?: ((encoders: Encoders) => void | Promise<void>) | undefined;
}

/** What the caller of a model says about it. */
export interface LoadUse extends Pick<FolderUse, 'captionsOnly' | 'onCompiling'> {
  /** Called when images can be encoded, while the models of texts are compiled; must not throw. */
  readonly onVision?: ((encodeImage: EncodeImage) => void) | undefined;
}
