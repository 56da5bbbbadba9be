// What a generation returns besides token ids, and the options that ask for it.
import type { GenerationOptions } from './generation-options';

/** Milliseconds of one call, per stage. A stage that did not run took 0. */
export interface StageTimings {
  readonly vision: number;
  readonly text_encoder: number;
  readonly decoder: number;
  /** Tokens that were generated, the longest row's. */
  readonly decoder_steps: number;
}

/** What a call returns with `return_dict_in_generate: true`. */
export interface GenerateOutput {
  /** Token ids per row, from the BOS token to the end token. */
  readonly sequences: number[][];
  readonly timings: StageTimings;
}

/** Options of a call that returns `{ sequences, timings }`. */
export type WithTimings = GenerationOptions & { readonly return_dict_in_generate: true };
/** Options of a call that returns token ids alone. */
export type WithoutTimings = GenerationOptions & { readonly return_dict_in_generate?: false };
