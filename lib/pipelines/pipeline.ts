// Images in, text out, in one call: the call shape of transformers.js' `pipeline`, for the tasks that BLIP does.
import type { PretrainedOptions } from '../generation';
import type { FeatureExtraction, ImageFeatureExtraction } from './feature-extraction';
import type { ImageTextMatching } from './image-text-matching';
import type { ImageToText } from './image-to-text';
import { loadPipeline } from './load-pipeline';
import type { VisualQuestionAnswering } from './visual-question-answering';

/** What {@link pipeline} returns for each task. */
export interface Pipelines {
  readonly 'image-to-text': ImageToText;
  readonly 'visual-question-answering': VisualQuestionAnswering;
  readonly 'image-text-matching': ImageTextMatching;
  readonly 'image-feature-extraction': ImageFeatureExtraction;
  readonly 'feature-extraction': FeatureExtraction;
}

/**
 * Loads a checkpoint for one task. A checkpoint is converted at the first call and kept in the cache, see
 * {@link convertOnce}; a folder that convertBlip or quantizeBlip wrote is taken as it is.
 *
 * @param idOrFolder a hub id, a checkpoint folder, a file of weights, or a folder of converted models
 * @example
 * const options = { dtype: 'fp16', device: 'CPU' } as const;
 * const captioner = await pipeline('image-to-text', 'Salesforce/blip-image-captioning-base', options);
 * @example
 * const captioner = await pipeline('image-to-text', 'models/blip-scenes');
 * await captioner('data/pictures/demo.jpg')
 * // [{ generated_text: 'two gray dogs playing with two green balls on the beach', score: 0.63... }]
 * // Three drawn captions, the same ones at every call with this seed
 * await captioner('data/pictures/demo.jpg', { do_sample: true, top_p: 0.9, num_return_sequences: 3, seed: 1 })
 * @example
 * const vqa = await pipeline('visual-question-answering', 'models/blip-scenes');
 * await vqa('data/pictures/demo.jpg', 'how many dogs are in the picture?') // [{ answer: '2', score: 0.99... }]
 * await vqa('data/pictures/demo.jpg', ['is it day or night?', 'where was this picture taken?'])
 * // [[{ answer: 'day', score: 0.99... }], [{ answer: 'beach', score: 0.99... }]]
 * // The best of given answers; their scores add up to 1
 * await vqa('data/pictures/demo.jpg', 'where was this picture taken?', { candidates: ['beach', 'park', 'street'] })
 * // [{ answer: 'beach', score: 0.99... }, { answer: 'street', ... }, { answer: 'park', ... }]
 * @example
 * const matcher = await pipeline('image-text-matching', 'models/blip-scenes-itm');
 * await matcher('data/pictures/demo.jpg', ['two dogs on a beach', 'a red car'])
 * // [{ text: 'two dogs on a beach', score: 0.99... }, { text: 'a red car', score: 0.00066... }]
 * @example
 * const embed = await pipeline('image-feature-extraction', 'Salesforce/blip-itm-base-coco');
 * await embed(['beach.jpg', 'street.jpg']) // { type: 'float32', dims: [2, 256], data: Float32Array(512), tolist }
 * @throws {PipelineError} for another task, or when the checkpoint was not made for it: before its conversion
 * @throws {ConvertOnceError} when `dtype` does not fit, or the cache cannot be written
 * @throws {BlipModelError} when a file of a model folder is missing
 * @throws whatever loadCheckpoint and convertBlip throw
 */
export async function pipeline<
  Task extends // a name for this list would stand in the compiler's message instead of the tasks
    | 'image-to-text'
    | 'visual-question-answering'
    | 'image-text-matching'
    | 'image-feature-extraction'
    | 'feature-extraction',
>(task: Task, idOrFolder: string, options?: PretrainedOptions): Promise<Pipelines[Task]>;
export async function pipeline(
  task: keyof Pipelines,
  idOrFolder: string,
  options: PretrainedOptions = {},
): Promise<Pipelines[keyof Pipelines]> {
  return loadPipeline(task, idOrFolder, options);
}
