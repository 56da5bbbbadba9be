// Two loaded models of one checkpoint, with what both are given.
import type { ProgressCallback } from '../core/progress';
import type { GenerationOptions, OVBlipModel } from '../generation';
import type { BlipProcessor } from '../preprocessing';

export interface ModelPair {
  readonly before: OVBlipModel;
  readonly after: OVBlipModel;
  readonly processor: BlipProcessor;
  /** For captions and answers. */
  readonly generation: GenerationOptions;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}
