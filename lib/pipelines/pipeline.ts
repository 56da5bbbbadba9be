// Pictures in, text out, in one call: the call shape of transformers.js' `pipeline`, for the two tasks that BLIP does.
import { BlipError } from '../errors';
import { OVBlipModel, type GenerationOptions, type LoadModelOptions } from '../generation';
import { BlipProcessor, type ImageSource } from '../preprocessing';

export class PipelineError extends BlipError {}

export interface ImageToText {
  (image: ImageSource, options?: GenerationOptions & { readonly prompt?: string }): Promise<{ generated_text: string }[]>;
  dispose(): void;
}

export interface VisualQuestionAnswering {
  (image: ImageSource, question: string, options?: GenerationOptions): Promise<{ answer: string }[]>;
  dispose(): void;
}

/**
 * Loads a folder that convertBlip or quantizeBlip wrote, for one task.
 *
 * @example
 * const captioner = await pipeline('image-to-text', 'output/blip-scenes/fp16');
 * await captioner('data/pictures/demo.jpg') // [{ generated_text: 'two brown dogs on the beach' }]
 * @example
 * const vqa = await pipeline('visual-question-answering', 'output/blip-scenes/fp16');
 * await vqa('data/pictures/demo.jpg', 'how many dogs are in the picture?') // [{ answer: '2' }]
 * @throws {PipelineError} for another task
 */
export async function pipeline(task: 'image-to-text', folder: string, options?: LoadModelOptions): Promise<ImageToText>;
export async function pipeline(task: 'visual-question-answering', folder: string, options?: LoadModelOptions): Promise<VisualQuestionAnswering>;
export async function pipeline(task: string, folder: string, options: LoadModelOptions = {}): Promise<ImageToText | VisualQuestionAnswering> {
  if (task !== 'image-to-text' && task !== 'visual-question-answering') throw new PipelineError(`Task "${task}" is not implemented. Implemented: image-to-text, visual-question-answering.`);
  const [model, processor] = await Promise.all([OVBlipModel.load(folder, options), BlipProcessor.fromCheckpoint(folder)]);
  const dispose = (): void => model.dispose();
  return task === 'image-to-text' ? Object.assign(captioner(model, processor), { dispose }) : Object.assign(answerer(model, processor), { dispose });
}

function captioner(model: OVBlipModel, processor: BlipProcessor) {
  return async (image: ImageSource, { prompt, ...options }: GenerationOptions & { readonly prompt?: string } = {}): Promise<{ generated_text: string }[]> => {
    const pixel_values = await processor.image(image);
    const ids = await model.generateCaption({ pixel_values, ...(prompt ? processor.text(prompt) : {}) }, options);
    return ids.map((row) => ({ generated_text: processor.decode(row) }));
  };
}

/** Remembers the embeddings of the last picture, so that further questions about it skip the vision model. */
function answerer(model: OVBlipModel, processor: BlipProcessor) {
  let last: { image: ImageSource; image_embeds: Awaited<ReturnType<OVBlipModel['encodeImage']>> } | undefined;
  return async (image: ImageSource, question: string, options: GenerationOptions = {}): Promise<{ answer: string }[]> => {
    if (last?.image !== image) last = { image, image_embeds: await model.encodeImage({ pixel_values: await processor.image(image) }) };
    const ids = await model.generateAnswer({ image_embeds: last.image_embeds, ...processor.text(question) }, options);
    return ids.map((row) => ({ answer: processor.decode(row) }));
  };
}
