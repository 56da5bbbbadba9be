// A vocab.txt for a test checkpoint, whose special tokens have the ids that its configuration names.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { BlipTextConfig } from '../lib/checkpoint';

type Ids = Pick<BlipTextConfig, 'vocab_size' | 'pad_token_id' | 'sep_token_id'>;

/**
 * Every id of the model gets a token: the special ones, then the words, then `[unusedN]`.
 *
 * @param config `text_config` of the folder's config.json, if that is there
 */
export function writeVocabulary(folder: string, words: readonly string[], config: Ids = readIds(folder)): void {
  const { vocab_size, pad_token_id, sep_token_id } = config;
  const tokens = new Map([
    [pad_token_id, '[PAD]'],
    [sep_token_id, '[SEP]'],
  ]);
  const others = ['[UNK]', '[CLS]', '[MASK]', ...words];
  for (let id = 0; id < vocab_size; id++) if (!tokens.has(id)) tokens.set(id, others.shift() ?? `[unused${id}]`);
  const lines = Array.from({ length: vocab_size }, (_, id) => tokens.get(id));
  fs.writeFileSync(path.join(folder, 'vocab.txt'), lines.join('\n'));
}

function readIds(folder: string): Ids {
  const { text_config }: { text_config: Ids } = JSON.parse(fs.readFileSync(path.join(folder, 'config.json'), 'utf8'));
  return text_config;
}
