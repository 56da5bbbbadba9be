// What a model of any task says about an image, as a figure: a caption and an answer, or the probability that a text
// matches.
import { checkArguments } from '../core/check-arguments';
import type { BlipProcessor } from '../preprocessing';
import type { Figure } from './figure';
import { percent } from './format-number';
import { canAnswer, canCaption, canMatch, checkModel, checkProcessor, type TaskModel } from './task-model';

/** The tutorial's limit for captions and answers. */
const MAX_LENGTH = 20;

/**
 * @param asked `text` is the question, or the text to match
 * @example
 * const described = await describePicture(model, processor, { image: picture, text: question });
 * await showFigure({ title: 'INT8', ...described });
 */
export async function describePicture(
  model: TaskModel,
  processor: BlipProcessor,
  asked: { readonly image: string; readonly text: string },
): Promise<Figure> {
  checkModel('describePicture', model);
  checkProcessor('describePicture', processor);
  checkArguments('describePicture', { asked: [asked, ['image', 'text']] });
  const { image, text } = asked;
  const image_embeds = await model.encodeImage({ pixel_values: await processor.image(image) });
  const inputs = { image_embeds, ...processor.text(text) };
  if (canMatch(model)) {
    const [probability] = await model.match(inputs);
    return { image, note: `"${text}": match ${percent(probability)}` };
  }
  const options = { max_length: MAX_LENGTH };
  const [caption] = canCaption(model) ? await model.generateCaption({ image_embeds }, options) : [];
  const [answer] = canAnswer(model) ? await model.generateAnswer(inputs, options) : [];
  return {
    image,
    ...(caption && { caption: processor.decode(caption) }),
    ...(answer && { question: text, answer: processor.decode(answer) }),
  };
}
