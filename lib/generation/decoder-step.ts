// What a search needs of a decoder: one step of all rows. The real decoder runs OpenVINO; tests use simple functions.

/** A decoder in the middle of a generation. */
export interface DecoderStep {
  readonly vocab_size: number;
  /**
   * Reads the next tokens of every row and returns the scores of the token after them. `rows` may become smaller from
   * step to step, after `keepRows`.
   *
   * @param input_ids [rows * length], row by row
   * @param length tokens per row: those of the prompt in the first step, then 1
   * @param beam_idx [rows] which row of the previous step each row continues
   * @returns logits [rows * vocab_size], valid until the next step
   */
  step(input_ids: readonly number[], rows: number, length: number, beam_idx: Int32Array): Promise<Float32Array>;
  /** Before the step in which only these rows of the batch are left, in ascending order. */
  keepRows(rows: readonly number[]): void;
}
