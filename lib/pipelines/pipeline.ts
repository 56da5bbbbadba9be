// Images in, text out, in one call: the call shape of transformers.js' `pipeline`, for the tasks that BLIP does.
import * as fs from 'node:fs';
import { checkArguments } from '../core/check-arguments';
import { loadSharp } from '../core/load-sharp';
import type { BlipTask } from '../checkpoint';
import { OVBlipMatcher, OVBlipModel, type LoadModelOptions, type PretrainedOptions } from '../generation';
import { splitOptions } from '../generation/pretrained-options';
import { convertOnce } from '../convert/convert-once';
import { asOneModel } from '../model-folder/load-unchanged';
import { BlipProcessor } from '../preprocessing';
import {
  featureExtraction,
  imageFeatureExtraction,
  type FeatureExtraction,
  type ImageFeatureExtraction,
} from './feature-extraction';
import { imageTextMatching, type ImageTextMatching } from './image-text-matching';
import { imageToText, type ImageToText } from './image-to-text';
import { PipelineError } from './pipeline-error';
import { visualQuestionAnswering, type VisualQuestionAnswering } from './visual-question-answering';

/** What {@link pipeline} returns for each task. */
export interface Pipelines {
  readonly 'image-to-text': ImageToText;
  readonly 'visual-question-answering': VisualQuestionAnswering;
  readonly 'image-text-matching': ImageTextMatching;
  readonly 'image-feature-extraction': ImageFeatureExtraction;
  readonly 'feature-extraction': FeatureExtraction;
}

/** Each task with what a checkpoint must be made for. */
const TASKS: Readonly<Record<keyof Pipelines, readonly BlipTask[]>> = {
  'image-to-text': ['image-to-text', 'visual-question-answering'],
  'visual-question-answering': ['visual-question-answering'],
  'image-text-matching': ['image-text-retrieval', 'feature-extraction'],
  'image-feature-extraction': ['image-text-retrieval', 'feature-extraction'],
  'feature-extraction': ['image-text-retrieval', 'feature-extraction'],
};

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
  checkArguments('pipeline', { task: [task, 'path'], idOrFolder: [idOrFolder, 'path'] });
  if (!Object.hasOwn(TASKS, task))
    throw new PipelineError(
      `Task "${String(task)}" is not implemented. Implemented: ${Object.keys(TASKS).join(', ')}.`,
    );
  const { source, load } = splitOptions('pipeline', options);
  let processor: BlipProcessor | undefined;
  const folder = await convertOnce(idOrFolder, source, async (checkpoint) => {
    checkTask(task, checkpoint);
    // Of a checkpoint on the hub, loadCheckpoint checks this; here a missing file is told before a conversion, with the
    // caller's folder.
    if (fs.existsSync(idOrFolder)) processor ??= await BlipProcessor.fromPretrained(idOrFolder);
  });
  const { model, text } = await asOneModel(
    folder,
    () => loadFolder(task, folder, load, processor),
    (loaded) => loaded.model.dispose(),
  );
  if (model instanceof OVBlipMatcher) {
    if (task === 'image-feature-extraction') return imageFeatureExtraction(model, text);
    return task === 'feature-extraction' ? featureExtraction(model, text) : imageTextMatching(model, text);
  }
  if (task === 'image-to-text') return imageToText(model, text);
  return visualQuestionAnswering(model, text);
}

/** Models and processor of one folder. */
async function loadFolder(
  task: keyof Pipelines,
  folder: string,
  options: LoadModelOptions,
  processor: BlipProcessor | undefined,
): Promise<{ readonly model: OVBlipModel | OVBlipMatcher; readonly text: BlipProcessor }> {
  let reading = processor && Promise.resolve(processor);
  const read = (): Promise<BlipProcessor> => (reading ??= BlipProcessor.fromCheckpoint(folder));
  const onCompiling = (): void =>
    void read()
      .then(loadSharp)
      .catch(() => undefined); // told below
  const use = { captionsOnly: task === 'image-to-text', onCompiling };
  const model = matchesImages(task)
    ? await OVBlipMatcher.load(folder, options)
    : await OVBlipModel.loadFor(folder, options, use);
  try {
    if (task === 'visual-question-answering' && model instanceof OVBlipModel && !model.canAnswer)
      throw captionsOnly(folder);
    return { model, text: await read() };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** @throws {PipelineError} before a conversion that would be of no use */
function checkTask(task: keyof Pipelines, { id, task: made }: { readonly id: string; readonly task: BlipTask }): void {
  if (task === 'visual-question-answering' && made === 'image-to-text') throw captionsOnly(id);
  if (!TASKS[task].includes(made))
    throw new PipelineError(
      `${id} does not do "${task}": its checkpoint was made for ${made}. ` +
        'Use a checkpoint such as ' +
        `Salesforce/${matchesImages(task) ? 'blip-itm-base-coco' : 'blip-vqa-base'}.`,
    );
}

function matchesImages(task: keyof Pipelines): boolean {
  return TASKS[task].includes('image-text-retrieval');
}

function captionsOnly(idOrFolder: string): PipelineError {
  return new PipelineError(
    `${idOrFolder} does not do "visual-question-answering": its checkpoint was made for captions. ` +
      'Use "image-to-text", or a VQA checkpoint, such as Salesforce/blip-vqa-base.',
  );
}
