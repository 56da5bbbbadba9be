// tokenizer.json of a BERT tokenizer, parsed. What BERT tokenizers do not have is refused, regular expressions above
// all: none of the file is ever run on a text.
import { describeValue } from '../core/describe-value';
import { isRecord } from '../core/is-record';
import { quote } from '../core/quote';
import { readJSON } from '../core/read-json';
import { parseAddedToken, parseContent, type AddedToken } from './added-token';
import { CONTINUING_PREFIX, type BertSettings } from './bert-model';
import { TokenizerError } from './errors';
import { MAX_VOCABULARY } from './read-vocabulary';

export interface TokenizerJSON {
  /** token -> id */
  readonly vocab: ReadonlyMap<string, number>;
  readonly added: readonly ListedToken[];
  readonly settings: BertSettings;
  /** The tokens around a text; missing where the file has no post_processor. */
  readonly cls_token?: string;
  readonly sep_token?: string;
}

/** An added token with the id that a file has for it. */
export interface ListedToken {
  readonly id: number;
  readonly token: AddedToken;
}

/** The largest multilingual vocabulary of BERT's kind takes 10 MB. */
const MAX_BYTES = 64 * 2 ** 20;
/** BERT's own limit is 100; the time for one word grows with the square. */
const MAX_WORD_CHARACTERS = 1000;

type Fail = (problem: string) => never;

/**
 * Reads a tokenizer.json whose parts are those of a BERT tokenizer: WordPiece, BertNormalizer, BertPreTokenizer, and
 * `[CLS] text [SEP]` as the template.
 *
 * @param whole whether the file alone describes the tokenizer; else, as in HF's BertTokenizer, parts may be missing
 * @throws {TokenizerError} that names the file and the part
 */
export function readTokenizerJSON(file: string, whole: boolean): TokenizerJSON {
  const json = readJSON(file, { maxBytes: MAX_BYTES, error: TokenizerError });
  const fail: Fail = (problem) => {
    throw new TokenizerError(`${file}: ${problem}.`);
  };
  if (!isRecord(json)) return fail(`is ${describeValue(json)}; expected an object`);
  const part = (name: string, ...types: string[]): Readonly<Record<string, unknown>> => {
    const value = json[name] ?? (whole ? undefined : {});
    if (!isRecord(value)) return fail(`"${name}" is ${describeValue(value)}; expected an object`);
    if (value.type !== undefined && !types.some((type) => type === value.type))
      return fail(`"${name}" is of type ${describeValue(value.type)}; a BERT tokenizer's is ${types.join(' or ')}`);
    return value;
  };
  const flag = (holder: Readonly<Record<string, unknown>>, name: string, fallback: boolean): boolean => {
    const value = holder[name] ?? fallback;
    return typeof value === 'boolean' ? value : fail(`"${name}" is ${describeValue(value)}; expected true or false`);
  };
  part('pre_tokenizer', 'BertPreTokenizer');
  const model = part('model', 'WordPiece');
  const normalizer = part('normalizer', 'BertNormalizer');
  const { prefix = CONTINUING_PREFIX, cleanup = true } = part('decoder', 'WordPiece');
  for (const value of [model.continuing_subword_prefix ?? CONTINUING_PREFIX, prefix])
    if (value !== CONTINUING_PREFIX)
      fail(
        `the prefix of continuing word pieces is ${describeValue(value)}; a BERT tokenizer's is "${CONTINUING_PREFIX}"`,
      );
  if (!flag(normalizer, 'clean_text', true)) fail('"clean_text" is false; a BERT tokenizer\'s is true');
  const longest = model.max_input_chars_per_word ?? 100;
  if (typeof longest !== 'number' || !Number.isInteger(longest) || longest < 1 || longest > MAX_WORD_CHARACTERS)
    return fail(`"max_input_chars_per_word" is ${describeValue(longest)}; expected 1 to ${MAX_WORD_CHARACTERS}`);
  const vocab = parseVocab(model.vocab, fail);
  return {
    vocab,
    added: parseListedTokens(json.added_tokens ?? [], fail),
    settings: {
      lowercase: flag(normalizer, 'lowercase', true),
      strip_accents: (normalizer.strip_accents ?? null) === null ? null : flag(normalizer, 'strip_accents', true),
      handle_chinese_chars: flag(normalizer, 'handle_chinese_chars', true),
      max_input_chars_per_word: longest,
      unk_token: parseContent(model.unk_token ?? '[UNK]', (problem) => fail(`"unk_token" ${problem}`)),
      cleanup: flag({ cleanup }, 'cleanup', true),
    },
    ...parseTemplate(part('post_processor', 'TemplateProcessing', 'BertProcessing'), fail),
  };
}

/** An object of ids by token, or a list of tokens. */
function parseVocab(vocab: unknown, fail: Fail): ReadonlyMap<string, number> {
  const entries: [unknown, unknown][] = Array.isArray(vocab)
    ? vocab.map((token: unknown, id) => [token, id])
    : isRecord(vocab)
      ? Object.entries(vocab)
      : fail(`"vocab" is ${describeValue(vocab)}; expected the ids of tokens`);
  if (entries.length === 0) return fail('"vocab" is empty; expected the ids of tokens');
  if (entries.length > MAX_VOCABULARY)
    return fail(`"vocab" has ${entries.length} tokens; expected at most ${MAX_VOCABULARY}`);
  const ids = new Map<string, number>();
  const tokens = new Map<number, string>();
  for (const [token, id] of entries) {
    if (typeof token !== 'string') return fail(`"vocab" has the token ${describeValue(token)}; expected a string`);
    if (!isId(id))
      return fail(`"vocab" has ${describeValue(id)} as the id of ${quote(token)}; expected 0 to ${MAX_VOCABULARY}`);
    const other = tokens.get(id);
    if (other !== undefined)
      return fail(
        `"vocab" has id ${id} for both ${quote(other)} and ${quote(token)}; expected an id of its own for each`,
      );
    if (ids.has(token)) return fail(`"vocab" has ${quote(token)} twice; expected each token once`);
    tokens.set(id, token);
    ids.set(token, id);
  }
  return ids;
}

function parseListedTokens(list: unknown, fail: Fail): ListedToken[] {
  if (!Array.isArray(list)) return fail(`"added_tokens" is ${describeValue(list)}; expected a list`);
  return list.map((item: unknown, index) => {
    const failItem: Fail = (problem) => fail(`"added_tokens", item ${index}, ${problem}`);
    const id = isRecord(item) ? item.id : undefined;
    return {
      token: parseAddedToken(item, false, failItem),
      id: isId(id) ? id : failItem(`has the id ${describeValue(id)}`),
    };
  });
}

export function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_VOCABULARY;
}

/** `[CLS] text [SEP]`, in either of two spellings. */
function parseTemplate(
  processor: Readonly<Record<string, unknown>>,
  fail: Fail,
): Pick<TokenizerJSON, 'cls_token' | 'sep_token'> {
  if (processor.type === undefined) return {};
  const { single, cls, sep } = processor;
  const [before, text, after, ...rest]: unknown[] = Array.isArray(single) ? single : [];
  const [cls_token, sep_token] =
    processor.type === 'BertProcessing'
      ? [cls, sep].map((pair: unknown) => (Array.isArray(pair) ? pair[0] : undefined))
      : [before, after].map((piece) => idOf(piece, 'SpecialToken'));
  const complete = processor.type === 'BertProcessing' || (idOf(text, 'Sequence') === 'A' && rest.length === 0);
  if (complete && typeof cls_token === 'string' && typeof sep_token === 'string') return { cls_token, sep_token };
  return fail(`"post_processor" is ${describeValue(single ?? processor)}; a BERT tokenizer's is [CLS] text [SEP]`);
}

function idOf(piece: unknown, kind: string): unknown {
  const inner = isRecord(piece) ? piece[kind] : undefined;
  return isRecord(inner) ? inner.id : undefined;
}
