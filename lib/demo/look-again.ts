// Where the model looked for each word that it wrote, and for each word of the question, as the page draws it.
import type { ImageEmbeds, OVBlipModel } from '../generation';
import { traceAnswer, traceCaption, type PatchAttention } from '../pipelines';
import type { BlipProcessor } from '../preprocessing';

/** A token, and its attention over the image: `data` is [rows, columns], the top row first. */
export interface LookedAt {
  readonly token: string;
  /** That the model gave the token; of the question's tokens there is none. */
  readonly probability?: number;
  readonly rows: number;
  readonly columns: number;
  readonly data: readonly number[];
}

export interface Looks {
  readonly text: readonly LookedAt[];
  readonly question: readonly LookedAt[];
}

/** Six digits do for a picture, and keep the answer small. */
const DIGITS = 6;

/**
 * @param inputs the image, the question unless it was a caption, and the token ids that were written
 * @param signal of the client
 */
export async function lookAgain(
  model: OVBlipModel,
  processor: BlipProcessor,
  inputs: { readonly image_embeds: ImageEmbeds; readonly question?: string; readonly sequence: readonly number[] },
  signal: AbortSignal | undefined,
): Promise<Looks> {
  const { image_embeds, question, sequence } = inputs;
  if (question === undefined) {
    const { tokens } = await traceCaption(model, processor, { image_embeds }, { sequence, signal, top_k: 1 });
    return { text: tokens.map(lookedAt), question: [] };
  }
  const traced = await traceAnswer(model, processor, { image_embeds, question }, { sequence, signal, top_k: 1 });
  return { text: traced.tokens.map(lookedAt), question: traced.question.map(lookedAt) };
}

function lookedAt({
  token,
  probability,
  attention: { rows, columns, data },
}: {
  readonly token: string;
  readonly probability?: number;
  readonly attention: PatchAttention;
}): LookedAt {
  return { token, probability, rows, columns, data: Array.from(data, (value) => Number(value.toFixed(DIGITS))) };
}
