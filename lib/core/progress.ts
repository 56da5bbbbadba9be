// What long-running calls report while they work; the notebooks turn it into a progress bar.

/** One report: what is going on, on which file, and how far it is. `loaded` and `total` share a unit (bytes, samples, layers, seconds of a wait). */
export interface Progress {
  readonly status: string;
  readonly file?: string;
  readonly loaded?: number;
  readonly total?: number;
  /** A few words on why, such as what a server answered that is waited for. */
  readonly message?: string;
}

/** Called often; must return quickly. Named after transformers.js' option `progress_callback`. */
export type ProgressCallback = (progress: Progress) => void;
