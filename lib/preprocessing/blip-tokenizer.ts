// Text <-> token ids, equal to HF's BertTokenizer on the same folder, without any network.
import { callNow } from '../core/call-now';
import { checkArguments } from '../core/check-arguments';
import { describeValue } from '../core/describe-value';
import { quote } from '../core/quote';
import { AddedVocabulary } from './added-vocabulary';
import { BertModel, cleanUpSpaces } from './bert-model';
import { TokenizerError } from './errors';
import { readTokenizer } from './read-tokenizer';
import { findUnknownWords } from './unknown-words';

/** `[batch, length]` i64, padded to the longest; attention_mask is 1 for real tokens, 0 for padding. */
export interface TextInputs {
  readonly input_ids: BigInt64Array;
  readonly attention_mask: BigInt64Array;
  readonly dims: [number, number];
}

/** Called with a full sentence when something had to be changed to go on. */
export type WarningCallback = (message: string) => void;

/** A model takes some hundred tokens; a text of more characters than this is a mistake, and would take seconds. */
const MAX_TEXT_CHARACTERS = 1_000_000;
/** As many as such a text can have. */
const MAX_IDS = MAX_TEXT_CHARACTERS;

/** A checkpoint folder's tokenizer. */
export class BlipTokenizer {
  /** Words and added tokens. */
  readonly vocabSize: number;
  readonly largestWordId: number;
  /** Ids of the added tokens that are no words. */
  readonly addedIds: readonly number[];
  readonly padTokenId: number;
  readonly clsTokenId: number;
  readonly sepTokenId: number;
  /** What a decoder's output starts with, where the tokenizer knows it; the published checkpoints' does not. */
  readonly bosTokenId: number | undefined;
  /** The file that holds the words. */
  readonly file: string;
  readonly #model: BertModel;
  readonly #added: AddedVocabulary;
  readonly #cleanUp: boolean;
  readonly #keepEnd: boolean;

  /**
   * Reads tokenizer.json, or else vocab.txt, with tokenizer_config.json, special_tokens_map.json and added_tokens.json.
   *
   * @param warn told when an added token gets another id than a file has for it, as in transformers
   * @throws {TokenizerError} when no vocabulary is there, or a file is malformed
   */
  constructor(folder: string, warn: WarningCallback = (message) => console.warn(message)) {
    checkArguments('new BlipTokenizer', { folder: [folder, 'path'] });
    const tell = callNow('warn', warn);
    const described = readTokenizer(folder);
    this.file = described.file;
    this.#model = new BertModel(described.vocab, described.settings);
    this.#added = new AddedVocabulary(this.#model, described.split_special_tokens, described.file);
    for (const { token, id } of described.added) {
      const got = this.#added.add(token);
      if (id !== undefined && got !== undefined && got !== id)
        tell(
          `${folder}: the added token ${quote(token.content)} has id ${id} there and gets ${got}, as in ` +
            `transformers: words keep their ids, and new tokens follow after the ${described.vocab.size} words.`,
        );
    }
    this.addedIds = [...this.#added.tokens.keys()].filter((id) => this.#model.tokenOf(id) === undefined);
    this.vocabSize = described.vocab.size + this.addedIds.length;
    let largest = 0;
    for (const id of described.vocab.values()) largest = Math.max(largest, id);
    this.largestWordId = largest;
    this.#cleanUp = described.clean_up_tokenization_spaces;
    this.#keepEnd = described.truncation_side === 'left';
    this.padTokenId = this.#idOf(described.pad_token);
    this.clsTokenId = this.#idOf(described.cls_token);
    this.sepTokenId = this.#idOf(described.sep_token);
    this.bosTokenId = described.bos_token === undefined ? undefined : this.#added.idOf(described.bos_token);
  }

  #idOf(token: string): number {
    const id = this.#added.idOf(token);
    if (id === undefined)
      throw new TokenizerError(`${this.file}: ${quote(token)} is not among its ${this.vocabSize} tokens.`);
    return id;
  }

  /**
   * Encodes texts as `[CLS] text [SEP]`, padded on the right to the longest. `padding_side` of tokenizer_config.json
   * is ignored: BERT counts positions from the left, so padding there would change results.
   *
   * @param maxLength tokens that the model takes; a longer text is cut, keeping its [SEP], and reported to `warn`
   * @throws {TokenizerError} when there is no text, or one is not a string
   */
  encode(texts: readonly string[], maxLength: number, warn: WarningCallback): TextInputs {
    if (!Array.isArray(texts))
      throw new TokenizerError(
        `The text to encode is ${describeValue(texts)}; expected a string or a list of strings.`,
      );
    if (texts.length === 0)
      throw new TokenizerError('No text to encode: got an empty list; expected at least one string.');
    const tell = callNow('warn', warn);
    const rows = texts.map((text) => this.#encodeOne(text, maxLength, tell));
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
      throw new TokenizerError(`A text to encode is ${describeValue(text)}; expected a string.`);
    if (text.length > MAX_TEXT_CHARACTERS)
      throw new TokenizerError(
        `A text to encode has ${text.length} characters; expected at most ${MAX_TEXT_CHARACTERS}, ` +
          'of which a model takes some hundred tokens.',
      );
    const ids = this.#idsOf(text);
    const total = ids.length + 2;
    if (total <= maxLength) return [this.clsTokenId, ...ids, this.sepTokenId];
    warn(
      `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}" has ${total} tokens; the model takes at most ` +
        `${maxLength}. The rest is cut off.`,
    );
    const kept = Math.max(maxLength - 2, 0);
    return [this.clsTokenId, ...(this.#keepEnd ? ids.slice(ids.length - kept) : ids.slice(0, kept)), this.sepTokenId];
  }

  #idsOf(text: string): number[] {
    return this.#added.splitRaw(text).flatMap((part) => {
      if (typeof part === 'number') return part;
      return this.#added
        .splitNormalized(this.#model.normalize(part))
        .flatMap((piece) =>
          typeof piece === 'number' ? piece : this.#model.split(piece).map((token) => this.#idOf(token)),
        );
    });
  }

  /** The words of a text that the vocabulary does not hold as a whole, as typed, each once; at most 100. */
  unknownWords(text: string): string[] {
    checkArguments('unknownWords', { text: [text, 'text'] });
    return findUnknownWords(text.slice(0, MAX_TEXT_CHARACTERS), (part) => this.#model.holdsWhole(part));
  }

  /**
   * HF's `decode(ids, skip_special_tokens=True)`: word pieces joined, no space before `. , ! ?`. Ids outside the
   * vocabulary are skipped.
   */
  decode(ids: ArrayLike<number | bigint>): string {
    const tokens = checkedIds(ids)
      .map((id) => this.#tokenOf(id))
      .filter((token): token is string => token !== undefined && !this.#added.isSpecial(token));
    const text = this.#model.join(tokens);
    return this.#cleanUp ? cleanUpSpaces(text) : text;
  }

  /** The token behind each id, special ones included; an id outside the vocabulary reads `<id>`. */
  tokens(ids: ArrayLike<number | bigint>): string[] {
    return checkedIds(ids).map((id) => this.#tokenOf(id) ?? `<${id}>`);
  }

  /** Whether an id stands for a token that decoding leaves out; undefined when it stands for none. */
  isSpecial(id: number): boolean | undefined {
    checkArguments('isSpecial', { id: [id, 'number'] });
    const token = this.#tokenOf(id);
    return token === undefined ? undefined : this.#added.isSpecial(token);
  }

  #tokenOf(id: number): string | undefined {
    return this.#added.tokenOf(id) ?? this.#model.tokenOf(id);
  }
}

/** @throws {TokenizerError} when they are no list of numbers */
function checkedIds(ids: ArrayLike<number | bigint>): number[] {
  const isList = typeof ids === 'object' && ids !== null && Number.isSafeInteger(ids.length);
  if (!isList || ids.length < 0 || ids.length > MAX_IDS)
    throw new TokenizerError(
      `Token ids to decode are ${describeValue(ids)}; expected a list of at most ${MAX_IDS} numbers, such as ` +
        'a row that generateCaption returned.',
    );
  return Array.from(ids, (id, index) => {
    if (typeof id === 'number' || typeof id === 'bigint') return Number(id);
    throw new TokenizerError(`Token id ${index} is ${describeValue(id)}; expected a number or a bigint.`);
  });
}
