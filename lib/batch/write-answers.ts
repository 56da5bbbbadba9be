// Answers for a batch of encoded images: to questions about all of them, and to questions about single ones.
import type { GenerationOptions, ImageEmbeds, OVBlipModel } from '../generation';
import { answerRows } from '../generation/generate-rows';
import type { BlipProcessor } from '../preprocessing';
import type { EncodedImage } from './encode-images';
import type { LoadedItem } from './load-item';

export interface GeneratedText {
  readonly question?: string;
  readonly text: string;
  readonly score: number;
}

export interface AnswerStage {
  readonly model: OVBlipModel;
  readonly processor: BlipProcessor;
  readonly generation: GenerationOptions;
  readonly onTexts: (loaded: LoadedItem, texts: readonly GeneratedText[]) => void;
}

/** A question about one of the images of a batch. */
interface Asked {
  readonly row: number;
  readonly question: string;
}

/** Of questions about single images: as many as images in a batch. */
const ASKED_AT_ONCE = 16;
const NOT_YET: GeneratedText = { text: '', score: 0 };

/**
 * An image's answers are handed on together, in the order of its questions.
 *
 * @param questions about every image, beside those of its row in a table
 */
export async function writeAnswers(
  batch: readonly EncodedImage[],
  questions: readonly string[],
  { model, processor, generation, onTexts }: AnswerStage,
): Promise<void> {
  const own = batch.map(({ loaded }) => {
    const asked = new Set(loaded.item.questions);
    return [...asked].filter((question) => !questions.includes(question));
  });
  const all = own.map((each) => [...questions, ...each]);
  const answers = all.map((asked) => new Map<string, GeneratedText>(asked.map((question) => [question, NOT_YET])));
  const left = all.map((asked) => asked.length);
  const take = ({ row, question }: Asked, ids: readonly number[], score: number): void => {
    answers[row].set(question, { question, text: processor.decode(ids), score });
    if (--left[row] === 0) onTexts(batch[row].loaded, [...answers[row].values()]);
  };
  if (questions.length > 0) {
    const image_embeds = joinImages(batch);
    for (const question of questions) {
      const inputs = { image_embeds, text: processor.text(question) };
      await answerRows(model, inputs, generation, ({ row, ids, score }) => take({ row, question }, ids, score));
    }
  }
  const asked = own.flatMap((each, row) => each.map((question): Asked => ({ row, question })));
  for (let from = 0; from < asked.length; from += ASKED_AT_ONCE) {
    const some = asked.slice(from, from + ASKED_AT_ONCE);
    const image_embeds = joinImages(some.map(({ row }) => batch[row]));
    const text = processor.text(some.map(({ question }) => question));
    await answerRows(model, { image_embeds, text }, generation, ({ row, ids, score }) => take(some[row], ids, score));
  }
}

/** @param target where they are put, one after the other */
export function joinImages(
  batch: readonly EncodedImage[],
  target = new Float32Array(batch.length * batch[0].data.length),
): ImageEmbeds {
  const [
    {
      dims: [tokens, hidden],
      data: { length },
    },
  ] = batch;
  batch.forEach((image, i) => target.set(image.data, i * length));
  return { data: target, dims: [batch.length, tokens, hidden] };
}
