// BERT's own part of tokenizing, between the added tokens: normal form, words, word pieces, and pieces back into text.
//
// The steps are those of @huggingface/tokenizers, which re-implements HF's Rust tokenizers. Compared over every
// Unicode character, it differs in two ways, which are corrected here:
//   - the Greek capital sigma at a word's end is lower-cased to a final sigma; Rust looks at single characters and
//     never does so;
//   - Chinese characters beyond 16 bits are not set apart as words of their own.
// What remains: 671 characters that Unicode added after 2015 (rare scripts), whose class Rust's tables do not know.
// BERT's vocabulary has none.
import type { BertNormalizer, BertPreTokenizer, WordPiece } from '@huggingface/tokenizers';

export interface BertSettings {
  readonly lowercase: boolean;
  /** null: as `lowercase`. */
  readonly strip_accents: boolean | null;
  readonly handle_chinese_chars: boolean;
  /** A longer word becomes `unk_token`. */
  readonly max_input_chars_per_word: number;
  readonly unk_token: string;
  /** Whether joining pieces takes the space out before `. , ! ?` and the like. */
  readonly cleanup: boolean;
}

/** What a piece that continues a word starts with. */
export const CONTINUING_PREFIX = '##';
/**
 * The ranges that BERT's tokenizer (the Rust one, to the digit) takes for Chinese, as far as they lie beyond 16 bits.
 */
const CHINESE_BEYOND_16_BITS = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
/** Half of a surrogate pair is no character; the normalizer drops what replaces it. */
const UNPAIRED_SURROGATE = /\p{Cs}/gu;

/** At first use: a program that only converts needs no tokenizer. */
function loadTokenizers(): typeof import('@huggingface/tokenizers') {
  return require('@huggingface/tokenizers');
}

export class BertModel {
  readonly #settings: BertSettings;
  readonly #normalizer: BertNormalizer;
  readonly #words: BertPreTokenizer;
  readonly #pieces: WordPiece;

  /** @param vocab token -> id */
  constructor(vocab: ReadonlyMap<string, number>, settings: BertSettings) {
    const tokenizers = loadTokenizers();
    this.#settings = settings;
    this.#words = new tokenizers.BertPreTokenizer();
    this.#normalizer = new tokenizers.BertNormalizer({
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: settings.handle_chinese_chars,
      lowercase: settings.lowercase,
      strip_accents: settings.strip_accents ?? settings.lowercase,
    });
    this.#pieces = new tokenizers.WordPiece({
      type: 'WordPiece',
      unk_token: settings.unk_token,
      continuing_subword_prefix: CONTINUING_PREFIX,
      max_input_chars_per_word: settings.max_input_chars_per_word,
      vocab: Object.fromEntries(vocab),
    });
  }

  /** token -> id */
  get vocab(): ReadonlyMap<string, number> {
    return this.#pieces.tokens_to_ids;
  }

  /** The token of an id. */
  tokenOf(id: number): string | undefined {
    return this.#pieces.vocab[id];
  }

  /**
   * Control characters dropped, white space as blanks, Chinese characters set apart, lower case and without accents
   * where so set.
   */
  normalize(text: string): string {
    let aligned = text.replace(UNPAIRED_SURROGATE, '\ufffd');
    if (this.#settings.lowercase) aligned = aligned.replaceAll('Σ', 'σ');
    if (this.#settings.handle_chinese_chars) aligned = aligned.replace(CHINESE_BEYOND_16_BITS, ' $& ');
    return this.#normalizer.normalize(aligned);
  }

  /** The pieces of a normalized text. */
  split(normalized: string): string[] {
    return this.#pieces.encode(this.#words.pre_tokenize(normalized));
  }

  /** Whether the vocabulary has each word of a text, so that none is taken apart or replaced by the unknown token. */
  holdsWhole(text: string): boolean {
    return this.split(this.normalize(text)).every(
      (piece) => !piece.startsWith(CONTINUING_PREFIX) && piece !== this.#settings.unk_token,
    );
  }

  /** Pieces as text: those that continue a word without the prefix, the others with a space before them. */
  join(tokens: readonly string[]): string {
    const pieces = tokens.map((token, index) => {
      if (index === 0) return token;
      return token.startsWith(CONTINUING_PREFIX) ? token.slice(CONTINUING_PREFIX.length) : ` ${token}`;
    });
    return (this.#settings.cleanup ? pieces.map((piece) => cleanUp(piece, RUST_CLEAN_UP)) : pieces).join('');
  }
}

const CLEAN_UP: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];
/** The Rust decoder has one more, and works on single tokens. */
const RUST_CLEAN_UP = [...CLEAN_UP.slice(0, 7), [' do not', " don't"] as const, ...CLEAN_UP.slice(7)];

/** What `clean_up_tokenization_spaces` does to a whole text. Source: transformers, tokenization_utils_base.py. */
export function cleanUpSpaces(text: string): string {
  return cleanUp(text, CLEAN_UP);
}

function cleanUp(text: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), text);
}
