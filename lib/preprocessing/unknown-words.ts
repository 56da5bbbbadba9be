// The words of a text that a vocabulary does not hold as a whole: BERT's tokenizer takes them apart, or drops them.

/** Letters, digits, marks and symbols; an apostrophe joins two of them: "what's", "l’été". */
const WORD = /[\p{L}\p{N}\p{M}\p{S}]+(?:['’][\p{L}\p{N}\p{M}]+)*/gu;
const APOSTROPHE = /['’]/u;
/** What a person reads; a text of a million characters must not become a list of as many words. */
const MAX_WORDS = 100;

/**
 * Each word once, as it was typed, in its order; the first 100.
 *
 * @param isKnown whether the vocabulary holds a part of a word (between apostrophes) as a whole
 */
export function findUnknownWords(text: string, isKnown: (part: string) => boolean): string[] {
  const found = new Map<string, string>();
  for (const [word] of text.matchAll(WORD)) {
    const key = word.toLowerCase();
    if (found.has(key) || word.split(APOSTROPHE).every(isKnown)) continue;
    found.set(key, word);
    if (found.size === MAX_WORDS) break;
  }
  return [...found.values()];
}
