// What a search returns.

export interface SearchResult {
  /**
   * Token ids per text, prompt included, shorter ones padded: rows * num_return_sequences, the texts of a row one after
   * the other.
   */
  readonly sequences: number[][];
  /** Tokens that were generated, the longest row's. */
  readonly steps: number;
  /**
   * With `output_probabilities`: per text, the log probability of each of its tokens after the prompt, the end token
   * included.
   */
  readonly token_log_probabilities: number[][];
  /** Of beam search: sum of the processed log probabilities / length ** length_penalty, per text. */
  readonly sequences_scores?: number[];
  /** With `output_scores`: the processed scores of each step, [rows * vocab_size] f32. */
  readonly scores: Float32Array[];
}
