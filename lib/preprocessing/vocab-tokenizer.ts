// A BertTokenizer's description (what tokenizer.json holds) built from a plain vocab.txt, for checkpoints that come without the former.
import { TokenizerError } from './errors';

/** The tokens with a role, by their keys in tokenizer_config.json, and BERT's names for them. */
const SPECIAL_TOKENS = {
  pad_token: '[PAD]',
  unk_token: '[UNK]',
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  mask_token: '[MASK]',
} as const;
/** BERT's own limit: a longer word becomes [UNK]. */
const MAX_WORD_CHARACTERS = 100;

/**
 * Source: transformers, tokenization_bert.py.
 *
 * @param vocabulary the text of vocab.txt: one token per line, its id is the line's number from 0
 * @param config tokenizer_config.json, parsed
 * @param file the vocabulary's name, for messages
 * @throws {TokenizerError} when a special token is not in the vocabulary
 */
export function tokenizerFromVocab(
  vocabulary: string,
  config: Readonly<Record<string, unknown>>,
  file: string,
): Record<string, unknown> {
  const vocab: Record<string, number> = {};
  const lines = vocabulary.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  lines.forEach((token, id) => {
    vocab[token] = id;
  });
  const added = new Map<number, string>();
  const special = (key: keyof typeof SPECIAL_TOKENS): { token: string; id: number } => {
    const token = tokenContent(config[key]) ?? SPECIAL_TOKENS[key];
    const id = vocab[token];
    if (id === undefined)
      throw new TokenizerError(
        `${file}: the ${key} "${token}" is not among its ${lines.length} tokens. Expected BERT's vocabulary, one token per line.`,
      );
    added.set(id, token);
    return { token, id };
  };
  const [, unk, cls, sep] = (['pad_token', 'unk_token', 'cls_token', 'sep_token', 'mask_token'] as const).map(special);
  for (const [id, token] of addedTokens(config)) added.set(id, token);
  const { do_lower_case = true, tokenize_chinese_chars = true, strip_accents = null } = config;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...added]
      .sort(([a], [b]) => a - b)
      .map(([id, content]) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: tokenize_chinese_chars,
      strip_accents,
      lowercase: do_lower_case,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: cls.token, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: sep.token, type_id: 0 } },
      ],
      pair: [],
      special_tokens: Object.fromEntries(
        [cls, sep].map(({ token, id }) => [token, { id: token, ids: [id], tokens: [token] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unk.token,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: MAX_WORD_CHARACTERS,
      vocab,
    },
  };
}

/** `added_tokens_decoder` of tokenizer_config.json: id -> { content, … }. */
function addedTokens(config: Readonly<Record<string, unknown>>): (readonly [number, string])[] {
  const entries: [string, unknown][] = Object.entries(config.added_tokens_decoder ?? {});
  return entries.flatMap(([id, token]) => {
    const content = tokenContent(token);
    return content === undefined ? [] : [[Number(id), content] as const];
  });
}

/** A token is written as a string or as an object with its content. */
function tokenContent(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  return typeof token === 'object' && token !== null && 'content' in token && typeof token.content === 'string'
    ? token.content
    : undefined;
}
