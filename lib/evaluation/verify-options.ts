// What verifyCheckpoint can be asked for.
import type { LoadCheckpointOptions } from '../checkpoint';
import type { ProgressCallback } from '../core/progress';
import type { ImageSource } from '../preprocessing';
import type { PublishedResults } from './published-results';

export interface QuantizeForVerification {
  /** Samples to calibrate with, for `loadVqaSamples`; BLIP_DATASET or lmms-lab/VQAv2 by default. */
  readonly dataset?: string;
  /** 300 by default. */
  readonly subset_size?: number;
}

export interface VerifyOptions extends LoadCheckpointOptions {
  readonly device?: string;
  /** A path, an address, or false for none; BLIP_PICTURE or the tutorial's demo.jpg by default. */
  readonly picture?: ImageSource | false;
  /** Results to compare with instead of the published ones. */
  readonly expected?: PublishedResults;
  /**
   * INT8: true makes it where it is not in the cache, which needs NNCF and takes minutes; 'auto', the default, does so
   * where NNCF is installed; false leaves it out.
   */
  readonly int8?: boolean | 'auto';
  readonly quantize?: QuantizeForVerification;
  /** Timed runs of each input; 5 by default, 0 for none. */
  readonly runs?: number;
  readonly progress_callback?: ProgressCallback;
}
