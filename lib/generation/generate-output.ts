// What a generation returns besides token ids, and the options that ask for it.
import type { GenerationOptions, SearchSettings } from './generation-options';
import type { SearchResult } from './search-result';

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
  /** Token ids per text, from the BOS token to the end token: num_return_sequences for each row. */
  readonly sequences: number[][];
  readonly timings: StageTimings;
  /** The seed of a sampling. */
  readonly seed?: number | readonly number[];
  /**
   * With `output_probabilities: true`: per text, the probability that the model gives each token after the prompt, the
   * end token included. Of its own scores, before temperature, penalties and bans.
   */
  readonly token_probabilities?: number[][];
  /**
   * With `output_probabilities: true`: the probability that the model gives the whole text after the prompt, the
   * product of its token_probabilities. A text that reached its greatest length has no end token: it is the probability
   * of texts that begin so.
   */
  readonly probabilities?: number[];
  /**
   * With `output_scores: true`: the processed scores of each step, [rows * vocab_size] f32 each, as transformers'
   * `scores`. Of beam search log probabilities, of num_beams rows per image or question.
   */
  readonly scores?: Float32Array[];
  /**
   * Of beam search, with `output_scores: true`: what it ranks by, the sum of the processed log probabilities / number
   * of new tokens ** length_penalty. Where nothing changes scores, and with length_penalty 0, its exponential is the
   * probability. A text that was not found (where options forbid nearly everything) has -1e9, and no more than the
   * prompt as its sequence.
   */
  readonly sequences_scores?: number[];
}

/** Options of a call; with `return_dict_in_generate: true` it returns a {@link GenerateOutput}. */
export interface GenerateOptions<Dict extends boolean = boolean> extends GenerationOptions {
  /** Returns `{ sequences, timings, … }` instead of token ids alone, which is the default. */
  readonly return_dict_in_generate?: Dict;
  /** Also returns `scores`, and `sequences_scores` of beam search. Needs vocab_size * 4 bytes per step and row. */
  readonly output_scores?: Dict extends true ? boolean : false;
  /** Also returns `probabilities` and `token_probabilities`. */
  readonly output_probabilities?: Dict extends true ? boolean : false;
}

/** What a call with these options returns: token ids per text, or those with all else. */
export type Generated<Dict extends boolean> = Dict extends true ? GenerateOutput : number[][];

/** The output of a call, as its settings ask. */
export function generateOutput(
  { sequences, steps, token_log_probabilities, scores, sequences_scores }: SearchResult,
  call: {
    readonly settings: SearchSettings;
    readonly timings: Omit<StageTimings, 'decoder_steps'>;
  },
): GenerateOutput {
  const { sampling, output_scores, output_probabilities } = call.settings;
  return {
    sequences,
    timings: { ...call.timings, decoder_steps: steps },
    ...(sampling && { seed: sampling.seed }),
    ...(output_probabilities && {
      token_probabilities: token_log_probabilities.map((logs) => logs.map((log) => Math.exp(log))),
      // A text that beam search did not find has no tokens
      probabilities: token_log_probabilities.map((logs) =>
        logs.length === 0 ? 0 : Math.exp(logs.reduce((sum, log) => sum + log, 0)),
      ),
    }),
    ...(output_scores && { scores, ...(sequences_scores && { sequences_scores }) }),
  };
}
