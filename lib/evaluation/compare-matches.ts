// Two retrieval models side by side: how much the probabilities of matches differ, and whether each image still finds
// its own text.
import type { ProgressCallback } from '../core/progress';
import { sampleText } from '../datasets/sample-text';
import type { VqaSample } from '../datasets/vqa-sample';
import type { OVBlipMatcher } from '../generation';
import type { BlipProcessor } from '../preprocessing';

/** Two loaded retrieval models of one checkpoint, with what both are given. */
export interface MatcherPair {
  readonly before: OVBlipMatcher;
  readonly after: OVBlipMatcher;
  readonly processor: BlipProcessor;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

/** A text whose match is decided differently. */
export interface ChangedMatch {
  readonly image_id: string;
  readonly text: string;
  /** Probabilities, 0 to 1. */
  readonly before: number;
  readonly after: number;
}

export interface ComparedMatches {
  /** Each image with its own text and with the next image's. */
  readonly pairs: number;
  /** Of the probabilities, 0 to 1. */
  readonly meanDifference: number;
  readonly largestDifference: number;
  /** The share of the pairs that both models take for a match, or both for none. */
  readonly agreement: number;
  /** The share of the images whose own text scores higher than the next image's. Absent for a single image. */
  readonly ownTextFirst?: { readonly images: number; readonly before: number; readonly after: number };
  readonly changed: readonly ChangedMatch[];
}

/** A probability from here on is a match. */
const MATCH = 0.5;
/** Changed matches in a report. */
const CHANGED_SHOWN = 20;

/** @param samples of which each image counts once, with its first sample's text */
export async function compareMatches(pair: MatcherPair, samples: readonly VqaSample[]): Promise<ComparedMatches> {
  const { before, after, processor, progress_callback, signal } = pair;
  const images = [...new Map(samples.map((sample) => [sample.image_id, sample])).values()];
  const texts = images.map(sampleText);
  const differences: number[] = [];
  const changed: ChangedMatch[] = [];
  const first = { before: 0, after: 0 };
  for (const [i, { image, image_id }] of images.entries()) {
    signal?.throwIfAborted();
    const offered = images.length > 1 ? [texts[i], texts[(i + 1) % images.length]] : [texts[i]];
    const pixel_values = await processor.image(image);
    const text = processor.text(offered);
    const [a, b] = [await before.match({ pixel_values, ...text }), await after.match({ pixel_values, ...text })];
    for (const [k, each] of offered.entries()) {
      differences.push(Math.abs(a[k] - b[k]));
      if (a[k] >= MATCH !== b[k] >= MATCH) changed.push({ image_id, text: each, before: a[k], after: b[k] });
    }
    first.before += Number(a[0] > a[1]);
    first.after += Number(b[0] > b[1]);
    progress_callback?.({ status: 'matches', loaded: i + 1, total: images.length });
  }
  return {
    pairs: differences.length,
    meanDifference: differences.reduce((sum, each) => sum + each, 0) / differences.length,
    largestDifference: Math.max(...differences),
    agreement: 1 - changed.length / differences.length,
    ...(images.length > 1 && {
      ownTextFirst: {
        images: images.length,
        before: first.before / images.length,
        after: first.after / images.length,
      },
    }),
    changed: changed.slice(0, CHANGED_SHOWN),
  };
}
