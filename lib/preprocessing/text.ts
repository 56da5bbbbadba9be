// Text <-> token ids, equal to HF's BertTokenizer, through transformers.js and without any network.
//
// transformers.js re-implements HF's Rust tokenizers. Compared over every Unicode character, it differs in two ways that are mended here:
//   - the Greek capital sigma at a word's end is lower-cased to a final sigma; Rust looks at single characters and never does so;
//   - Chinese characters beyond 16 bits are not set apart as words of their own.
// What remains: 671 characters that Unicode added after 2015 (rare scripts), whose class Rust's tables do not know. BERT's vocabulary has none.
// Truncation is done here too: transformers.js cuts off the closing [SEP], HF keeps it.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { PreTrainedTokenizer } from '@xenova/transformers';
import { TokenizerError } from './errors';
import { tokenizerFromVocab } from './vocab-tokenizer';

/** `[batch, length]` i64, padded to the longest; attention_mask is 1 for real tokens, 0 for padding. */
export interface TextInputs {
  readonly input_ids: BigInt64Array;
  readonly attention_mask: BigInt64Array;
  readonly dims: [number, number];
}

/** Called with a full sentence when something had to be changed to go on. */
export type WarningCallback = (message: string) => void;

const TOKENIZER = 'tokenizer.json',
  TOKENIZER_CONFIG = 'tokenizer_config.json',
  VOCAB = 'vocab.txt';
/** The ranges that BERT's tokenizer (the Rust one, to the digit) takes for Chinese, as far as they lie beyond 16 bits. */
const CHINESE_BEYOND_16_BITS = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
/** An unpaired half of a surrogate pair: no character; the tokenizer drops its replacement. */
const UNPAIRED_SURROGATE = /\p{Cs}/gu;

/** A checkpoint folder's tokenizer. */
export class BlipTokenizer {
  readonly vocabSize: number;
  readonly padTokenId: number;
  readonly #tokenizer: PreTrainedTokenizer;
  readonly #tokens = new Map<number, string>();
  readonly #sepTokenId: number;
  readonly #lowercase: boolean;
  readonly #chinese: boolean;
  readonly #cleanUp: boolean;

  /**
   * Reads tokenizer.json and tokenizer_config.json, or builds the first from vocab.txt.
   *
   * @throws {TokenizerError} when neither is there, or one is malformed
   */
  constructor(folder: string) {
    const configFile = path.join(folder, TOKENIZER_CONFIG);
    const config = fs.existsSync(configFile) ? readObject(configFile) : {};
    const { json, file } = readTokenizer(folder, config);
    const normalizer = isRecord(json.normalizer) ? json.normalizer : {};
    this.#lowercase = normalizer.type === 'BertNormalizer' && normalizer.lowercase !== false;
    this.#chinese = normalizer.type === 'BertNormalizer' && normalizer.handle_chinese_chars !== false;
    this.#cleanUp = config.clean_up_tokenization_spaces === true;
    try {
      this.#tokenizer = new PreTrainedTokenizer(json, config);
    } catch (error) {
      throw new TokenizerError(
        `${file}: transformers.js cannot use it: ${error instanceof Error ? error.message : String(error)}. Expected a BertTokenizer's file.`,
      );
    }
    const vocab: ReadonlyMap<unknown, unknown> = this.#tokenizer.get_vocab();
    for (const [token, id] of vocab)
      if (typeof token === 'string' && typeof id === 'number') this.#tokens.set(id, token);
    this.vocabSize = this.#tokens.size;
    const idOf = (key: string, fallback: string): number => {
      const written: unknown = config[key] ?? fallback; // a string, or { content: string, … }
      const token = isRecord(written) ? written.content : written;
      const id: unknown = vocab.get(token);
      if (typeof id !== 'number')
        throw new TokenizerError(
          `${file}: the ${key} ${JSON.stringify(token)} is not in its vocabulary of ${this.vocabSize} tokens.`,
        );
      return id;
    };
    this.padTokenId = idOf('pad_token', '[PAD]');
    this.#sepTokenId = idOf('sep_token', '[SEP]');
  }

  /**
   * Encodes texts as `[CLS] text [SEP]`, padded on the right to the longest.
   *
   * @param maxLength tokens that the model takes; a longer text is cut, keeping its [SEP], and reported to `warn`
   * @throws {TokenizerError} when there is no text, or one is not a string
   */
  encode(texts: readonly string[], maxLength: number, warn: WarningCallback): TextInputs {
    if (!Array.isArray(texts))
      throw new TokenizerError(
        `The text to encode is ${String(texts)} (${typeof texts}); expected a string or a list of strings.`,
      );
    if (texts.length === 0)
      throw new TokenizerError('No text to encode: got an empty list; expected at least one string.');
    const rows = texts.map((text) => this.#encodeOne(text, maxLength, warn));
    const length = Math.max(...rows.map((row) => row.length));
    const input_ids = new BigInt64Array(rows.length * length).fill(BigInt(this.padTokenId));
    const attention_mask = new BigInt64Array(rows.length * length);
    rows.forEach((row, index) => {
      input_ids.set(row.map(BigInt), index * length);
      attention_mask.fill(1n, index * length, index * length + row.length);
    });
    return { input_ids, attention_mask, dims: [rows.length, length] };
  }

  #encodeOne(text: string, maxLength: number, warn: WarningCallback): number[] {
    if (typeof text !== 'string')
      throw new TokenizerError(`A text to encode is ${String(text)} (${typeof text}); expected a string.`);
    let aligned = text.replace(UNPAIRED_SURROGATE, '\ufffd');
    if (this.#lowercase) aligned = aligned.replaceAll('Σ', 'σ');
    if (this.#chinese) aligned = aligned.replace(CHINESE_BEYOND_16_BITS, ' $& ');
    const ids = this.#tokenizer.encode(aligned);
    if (ids.length <= maxLength) return ids;
    warn(
      `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}" has ${ids.length} tokens; the model takes at most ${maxLength}. The rest is cut off.`,
    );
    return [...ids.slice(0, maxLength - 1), this.#sepTokenId];
  }

  /** HF's `decode(ids, skip_special_tokens=True)`: word pieces joined, no space before `. , ! ?`. Ids outside the vocabulary are skipped. */
  decode(ids: ArrayLike<number | bigint>): string {
    const known = Array.from(ids, Number).filter((id) => this.#tokens.has(id));
    return known.length === 0
      ? ''
      : this.#tokenizer.decode(known, { skip_special_tokens: true, clean_up_tokenization_spaces: this.#cleanUp });
  }

  /** The token behind each id, special ones included; an id outside the vocabulary reads `<id>`. */
  tokens(ids: ArrayLike<number | bigint>): string[] {
    return Array.from(ids, (id) => this.#tokens.get(Number(id)) ?? `<${id}>`);
  }
}

function readTokenizer(
  folder: string,
  config: Readonly<Record<string, unknown>>,
): { json: Record<string, unknown>; file: string } {
  const file = path.join(folder, TOKENIZER);
  if (fs.existsSync(file)) return { json: readObject(file), file };
  const vocab = path.join(folder, VOCAB);
  if (fs.existsSync(vocab))
    return { json: tokenizerFromVocab(fs.readFileSync(vocab, 'utf8'), config, vocab), file: vocab };
  throw new TokenizerError(
    `${folder}: neither ${TOKENIZER} nor ${VOCAB} is here. ` +
      'Copy one of them from the checkpoint into this folder; for ' +
      'a checkpoint of the original repository (.pth), which has none, take vocab.txt of bert-base-uncased.',
  );
}

function readObject(file: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    throw new TokenizerError(
      `${file}: cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isRecord(json))
    throw new TokenizerError(`${file}: expected an object, got ${JSON.stringify(json).slice(0, 60)}.`);
  return json;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
