// Whether a tokenizer and a model belong together: where they do not, a model reads other words than were asked, and
// answers nonsense.
import * as path from 'node:path';
import { CONFIG_FILE } from '../checkpoint/checkpoint-files';
import type { BlipTask, BlipTextConfig } from '../checkpoint';
import { quote } from '../core/quote';
import type { BlipTokenizer, WarningCallback } from './blip-tokenizer';
import { TokenizerError } from './errors';

/**
 * Vocabularies are filled up to a multiple of 8, 64 or 128 for faster products. The published checkpoints' have 2
 * rows more than words.
 */
const MAX_ROWS_WITHOUT_TOKEN = 128;

/**
 * Compares ids and sizes. Ids beyond the word embedding, and texts that end with another token than answers do, are
 * errors; what may be meant is told to `warn`.
 *
 * @param folder with the tokenizer's files and config.json, for messages
 * @param task unknown for a checkpoint that does not say
 * @throws {TokenizerError} when the two belong to different models
 */
export function checkTokenizer(
  tokenizer: BlipTokenizer,
  config: BlipTextConfig,
  { folder, task, warn }: { folder: string; task: BlipTask | undefined; warn: WarningCallback },
): void {
  const { vocab_size } = config;
  const configFile = path.join(folder, CONFIG_FILE);
  const fail = (problem: string): never => {
    throw new TokenizerError(
      `${configFile}: ${problem}. ` +
        'The tokenizer and the model are of different checkpoints: copy both from the same one.',
    );
  };
  if (tokenizer.largestWordId >= vocab_size)
    fail(
      `text_config.vocab_size is ${vocab_size}, but ${tokenizer.file} has words up to id ` +
        `${tokenizer.largestWordId}; expected ids below ${vocab_size}`,
    );
  const beyond = tokenizer.addedIds.filter((id) => id >= vocab_size);
  if (beyond.length > 0)
    warn(
      `${configFile}: the model has no embedding for the added token ${quote(tokenizer.tokens(beyond)[0])} ` +
        `(id ${beyond[0]}${beyond.length > 1 ? ` and ${beyond.length - 1} more` : ''}; text_config.vocab_size is ` +
        `${vocab_size}). Texts with it are refused.`,
    );
  const missing = vocab_size - (tokenizer.vocabSize - beyond.length);
  if (missing > MAX_ROWS_WITHOUT_TOKEN)
    warn(
      `${configFile}: of the ${vocab_size} ids that the model may write, ${missing} stand for no token of ` +
        `${tokenizer.file}. Is it the right tokenizer? Such ids are left out of answers.`,
    );
  if (task !== 'image-text-retrieval' && task !== 'feature-extraction')
    checkDecoder(tokenizer, config, fail, (message) => warn(`${configFile}: ${message}`));
}

/** The tokens that an answer begins with, ends with, and is filled up with. */
function checkDecoder(
  tokenizer: BlipTokenizer,
  config: BlipTextConfig,
  fail: (problem: string) => never,
  warn: WarningCallback,
): void {
  const { vocab_size, bos_token_id, sep_token_id, pad_token_id } = config;
  const show = (id: number): string => `${id} (${quote(tokenizer.tokens([id])[0])})`;
  for (const [key, id] of Object.entries({ bos_token_id, sep_token_id }))
    if (id >= vocab_size) fail(`text_config.${key} is ${id}; expected an id below the vocab_size of ${vocab_size}`);
  if (sep_token_id !== tokenizer.sepTokenId)
    fail(
      `text_config.sep_token_id, with which answers end, is ${show(sep_token_id)}, but texts end with ` +
        `${show(tokenizer.sepTokenId)} in ${tokenizer.file}; expected the same`,
    );
  if (pad_token_id !== tokenizer.padTokenId && tokenizer.isSpecial(pad_token_id) === false)
    fail(
      `text_config.pad_token_id is ${show(pad_token_id)}, an ordinary token; expected ${show(tokenizer.padTokenId)}, ` +
        `the pad_token of ${tokenizer.file}`,
    );
  const { bosTokenId } = tokenizer;
  if (bosTokenId !== undefined && bosTokenId !== bos_token_id)
    warn(
      `text_config.bos_token_id, with which answers begin, is ${show(bos_token_id)}, but the tokenizer's ` +
        'bos_token is ' +
        `${show(bosTokenId)} in ${tokenizer.file}. The model starts with the former.`,
    );
  if (tokenizer.isSpecial(bos_token_id) === false)
    warn(
      `text_config.bos_token_id, with which answers begin, is ${show(bos_token_id)}, an ordinary token in ` +
        `${tokenizer.file}: every answer shows it. Name it as bos_token in tokenizer_config.json.`,
    );
}
