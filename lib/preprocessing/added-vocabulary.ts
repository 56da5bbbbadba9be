// A tokenizer's added tokens: their ids, and where they stand in a text. The rules are those of HF's Rust tokenizers.
import type { AddedToken } from './added-token';
import type { BertModel } from './bert-model';
import { quote } from '../core/quote';
import { TokenizerError } from './errors';

/** A piece of text, or the id of the added token that stood there. */
export type TextPart = string | number;

/** `\w` of the regular expressions that Rust has: letters, marks, decimal digits, connectors and joiners. */
const STARTS_WITH_WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const ENDS_WITH_WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const WHITE_SPACE = /\p{White_Space}/u;

/** Ten thousand tokens of 25 characters: more would take too much memory, and no checkpoint has them. */
const MAX_CHARACTERS = 250_000;

interface Match {
  readonly id: number;
  readonly token: AddedToken;
}

/** Source: Hugging Face tokenizers, added_vocabulary.rs. */
export class AddedVocabulary {
  readonly #tokens = new Map<number, AddedToken>();
  readonly #ids = new Map<string, number>();
  readonly #normalForms = new Map<number, string>();
  readonly #special = new Set<string>();
  #highestId = -1;
  #characters = 0;
  #raw: Trie | undefined;
  #normalized: Trie | undefined;

  /**
   * @param splitSpecial whether special tokens are text like any other
   * @param where the tokenizer's file, for messages
   */
  constructor(
    private readonly model: BertModel,
    private readonly splitSpecial: boolean,
    private readonly where: string,
  ) {}

  /** Ids of added tokens, with the tokens. */
  get tokens(): ReadonlyMap<number, AddedToken> {
    return this.#tokens;
  }

  /** Whether decoding leaves this token out. */
  isSpecial(token: string): boolean {
    return this.#special.has(token);
  }

  /** The id of an added token or of a word. */
  idOf(token: string): number | undefined {
    return this.#ids.get(token) ?? this.model.vocab.get(token);
  }

  /** The token of an id as decoding sees it: its normalized form, if it is or was matched in the normalized text. */
  tokenOf(id: number): string | undefined {
    return this.#normalForms.get(id) ?? this.#tokens.get(id)?.content;
  }

  /**
   * Adds a token, or changes the flags of one that is there. A word keeps its id; any other token gets the next one,
   * whatever id a file has for it.
   *
   * @returns its id; undefined when it is empty
   */
  add(token: AddedToken): number | undefined {
    if (token.content === '') return undefined;
    const id = this.idOf(token.content) ?? this.#nextId(token.content);
    this.#characters += token.content.length;
    if (this.#characters > MAX_CHARACTERS)
      throw new TokenizerError(
        `${this.where}: the added tokens have more than ${MAX_CHARACTERS} characters together; expected fewer.`,
      );
    this.#highestId = Math.max(this.#highestId, id);
    this.#ids.set(token.content, id);
    this.#tokens.set(id, token);
    if (token.normalized) this.#normalForms.set(id, this.model.normalize(token.content));
    if (token.special) this.#special.add(token.content);
    this.#raw = this.#normalized = undefined;
    return id;
  }

  #nextId(content: string): number {
    const size = this.model.vocab.size;
    const id = Math.max(size, this.#highestId + 1);
    if (this.model.tokenOf(id) !== undefined)
      throw new TokenizerError(
        `${this.where}: the added token ${quote(content)} would get id ${id}, which is a word's: ` +
          `the ids of the ${size} words have gaps. Expected words with ids from 0 to ${size - 1}.`,
      );
    return id;
  }

  /** Cuts a text at the tokens that are matched as they are. */
  splitRaw(text: string): TextPart[] {
    this.#raw ??= this.#buildTrie(false);
    return this.#split(text, this.#raw);
  }

  /** Cuts a normalized text at the tokens that are matched in it. */
  splitNormalized(text: string): TextPart[] {
    this.#normalized ??= this.#buildTrie(true);
    return this.#split(text, this.#normalized);
  }

  /** Of tokens with the same normal form the lowest id counts; in Rust it is a matter of chance. */
  #buildTrie(normalized: boolean): Trie {
    const trie = new Trie();
    for (const [id, token] of [...this.#tokens].sort(([a], [b]) => a - b)) {
      if (token.normalized !== normalized) continue;
      const pattern = normalized ? this.#normalForms.get(id) : token.content;
      if (pattern) trie.add(pattern, { id, token });
    }
    return trie;
  }

  /** Leftmost and longest first; a match that its flags rule out is passed over whole. */
  #split(text: string, trie: Trie): TextPart[] {
    if (trie.isEmpty) return text === '' ? [] : [text];
    const parts: TextPart[] = [];
    let done = 0;
    let blank = 0; // where the white space ends that a token took along
    for (let at = 0; at < text.length; ) {
      const found = trie.longestAt(text, at);
      if (found === undefined) {
        at++;
        continue;
      }
      const { match, length } = found;
      const end = at + length;
      if (this.#applies(match.token, text, at, end)) {
        const start = match.token.lstrip ? startOfWhiteSpace(text, at, done) : at;
        if (done < start) parts.push(text.slice(done, start));
        if (start < end) parts.push(match.id); // else the token before took all of it along
        if (match.token.rstrip && end >= blank) blank = endOfWhiteSpace(text, end);
        done = match.token.rstrip ? blank : end;
      }
      at = end;
    }
    if (done < text.length) parts.push(text.slice(done));
    return parts;
  }

  #applies({ single_word, content }: AddedToken, text: string, start: number, end: number): boolean {
    if (this.splitSpecial && this.#special.has(content)) return false;
    if (!single_word) return true;
    // Two code units before and after hold the whole neighbouring character.
    return (
      !ENDS_WITH_WORD.test(text.slice(Math.max(start - 2, 0), start)) &&
      !STARTS_WITH_WORD.test(text.slice(end, end + 2))
    );
  }
}

function startOfWhiteSpace(text: string, end: number, least: number): number {
  let start = Math.max(end, least);
  while (start > least && WHITE_SPACE.test(text[start - 1])) start--;
  return start;
}

function endOfWhiteSpace(text: string, start: number): number {
  let end = start;
  while (end < text.length && WHITE_SPACE.test(text[end])) end++;
  return end;
}

class TrieNode {
  readonly next = new Map<string, TrieNode>();
  match: Match | undefined;
}

/** Patterns by their UTF-16 code units. */
class Trie {
  readonly #root = new TrieNode();

  get isEmpty(): boolean {
    return this.#root.next.size === 0;
  }

  /** The first of equal patterns stays. */
  add(pattern: string, match: Match): void {
    let node = this.#root;
    for (let at = 0; at < pattern.length; at++) {
      const child = node.next.get(pattern[at]) ?? new TrieNode();
      node.next.set(pattern[at], child);
      node = child;
    }
    node.match ??= match;
  }

  longestAt(text: string, start: number): { match: Match; length: number } | undefined {
    let longest: { match: Match; length: number } | undefined;
    let node = this.#root.next.get(text[start]);
    for (let at = start + 1; node !== undefined; at++) {
      if (node.match) longest = { match: node.match, length: at - start };
      node = at < text.length ? node.next.get(text[at]) : undefined;
    }
    return longest;
  }
}
