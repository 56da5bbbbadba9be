// What a search found, as table rows and figures, and searches whose right result is known.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { searchImages, type ImageHit, type ImageIndex, type TextHit } from '../search';
import { decimals, percent } from './format-number';
import type { Figure } from './figure';

/** One text that was compared with an image. */
export interface TextHitRow {
  readonly text: string;
  readonly cosine: string;
  readonly 'matching head': string;
}

/** One search, by cosine alone and with the matching head. */
export interface SearchRow {
  readonly sentence: string;
  readonly truth: string;
  readonly 'by cosine': string;
  /** The place of the right image when all are put in order by cosine, from 1. */
  readonly 'its place': number | '';
  readonly 'by cosine and head': string;
  readonly 'head is right': boolean;
}

export interface CheckSearchesOptions {
  /** As many of the nearest by cosine are put in order by the matching head; 8 by default. */
  readonly rerank?: number;
  readonly signal?: AbortSignal;
}

const RERANK = 8;

/**
 * @example
 * textHitRows(fits)[0] // { text: 'two gray dogs on the beach', cosine: '0.69', 'matching head': '99.7 %' }
 */
export function textHitRows(hits: readonly TextHit[]): TextHitRow[] {
  checkArguments('textHitRows', { hits: [hits, 'list'] });
  return hits.map((hit) => {
    checkArguments('textHitRows', { 'each of hits': [hit, ['text', 'cosine']] });
    const { text, cosine, match } = hit;
    return { text, cosine: decimals(cosine, 2), 'matching head': match === undefined ? '' : percent(match) };
  });
}

/**
 * The image that was found, with its scores below.
 *
 * @param sentence what was searched for
 * @example
 * await showFigure(hitFigure('a snowman', hit));
 */
export function hitFigure(sentence: string, hit: ImageHit): Figure {
  checkArguments('hitFigure', { sentence: [sentence, 'text'], hit: [hit, ['image', 'cosine']] });
  const { image, cosine, match } = hit;
  checkArguments('hitFigure', { 'hit.image': [image, 'path'] });
  return {
    image,
    title: `"${sentence}" ${match === undefined ? 'by cosine' : 'by cosine and head'}`,
    note: `cosine ${decimals(cosine, 2)}${match === undefined ? '' : `, match ${percent(match)}`}`,
  };
}

/**
 * Searches for sentences that are true of one image each, by cosine alone and with the matching head.
 *
 * @param truths sentences, each with the file name of the image that it is true of
 * @param options.rerank the length of the shortlist; the right image must be on it to be found
 * @example
 * showTable(await checkSearches(index, { 'a snowman': 'snow-day-snowman.jpg' }, { rerank: 8 }));
 */
export async function checkSearches(
  index: ImageIndex,
  truths: Readonly<Record<string, string>>,
  options: CheckSearchesOptions = {},
): Promise<SearchRow[]> {
  checkArguments('checkSearches', {
    index: [index, ['model', 'features', 'images', 'pathOf']],
    truths: [truths, 'object'],
  });
  checkOptions('checkSearches', options, ['rerank', 'signal']);
  const { rerank = RERANK, signal } = options;
  const nameOf = (hits: readonly ImageHit[]): string => (hits.length > 0 ? path.basename(hits[0].image) : '');
  const rows: SearchRow[] = [];
  for (const [sentence, truth] of Object.entries(truths)) {
    const top_k = Math.max(1, index.images.length);
    const near = await searchImages(index, sentence, { top_k, rerank: 0, signal });
    const head = nameOf(await searchImages(index, sentence, { top_k: 1, rerank, signal }));
    rows.push({
      sentence,
      truth,
      'by cosine': nameOf(near),
      'its place': near.findIndex(({ image }) => path.basename(image) === truth) + 1 || '',
      'by cosine and head': head,
      'head is right': head === truth,
    });
  }
  return rows;
}
