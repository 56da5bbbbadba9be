// The words that captions begin with, from the processor's tokens.
import { BlipModelError, type Tokens } from './check-inputs';

/**
 * A prompt comes as [CLS] words [SEP], perhaps padded: the BOS token replaces the first token, and the last is dropped,
 * as Hugging Face does.
 *
 * @param check rows and tokens per row of texts that fit the model
 * @throws {BlipModelError} when a mask is no padding at the end
 */
export function readPrompts(
  inputs: Tokens,
  bos: number,
  check: (texts: Tokens) => readonly [rows: number, length: number],
): number[][] {
  const [rows, length] = check(inputs);
  return Array.from({ length: rows }, (_, row) => {
    const mask = inputs.attention_mask?.subarray(row * length, (row + 1) * length);
    const padding = mask?.indexOf(0n) ?? -1;
    const end = padding < 0 ? length : padding;
    if (padding >= 0 && (mask?.includes(1n, end) || end < 2))
      throw new BlipModelError(
        `attention_mask of prompt ${row + 1} is ${mask?.join(' ')}, expected ones for [CLS], words and [SEP], then ` +
          'zeros for padding. Use the BlipProcessor: processor.text(prompts).',
      );
    return [bos, ...Array.from(inputs.input_ids.subarray(row * length + 1, row * length + end - 1), Number)];
  });
}
