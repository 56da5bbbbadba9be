// Loads what a task needs: the models of a checkpoint, and its processor while OpenVINO compiles them.
import * as fs from 'node:fs';
import { checkArguments } from '../core/check-arguments';
import { loadSharp } from '../core/load-sharp';
import type { BlipTask } from '../checkpoint';
import { OVBlipMatcher, OVBlipModel, type LoadModelOptions, type PretrainedOptions } from '../generation';
import { splitOptions } from '../generation/pretrained-options';
import { convertOnce } from '../convert/convert-once';
import { asOneModel } from '../model-folder/load-unchanged';
import { BlipProcessor, type ImageSource } from '../preprocessing';
import { EarlyImage } from './early-image';
import { featureExtraction, imageFeatureExtraction } from './feature-extraction';
import { imageTextMatching } from './image-text-matching';
import { imageToText } from './image-to-text';
import type { Pipelines } from './pipeline';
import { PipelineError } from './pipeline-error';
import { visualQuestionAnswering } from './visual-question-answering';

/** Each task with what a checkpoint must be made for. */
const TASKS: Readonly<Record<keyof Pipelines, readonly BlipTask[]>> = {
  'image-to-text': ['image-to-text', 'visual-question-answering'],
  'visual-question-answering': ['visual-question-answering'],
  'image-text-matching': ['image-text-retrieval', 'feature-extraction'],
  'image-feature-extraction': ['image-text-retrieval', 'feature-extraction'],
  'feature-extraction': ['image-text-retrieval', 'feature-extraction'],
};

/** Models and processor of one folder. */
interface Loaded {
  readonly model: OVBlipModel | OVBlipMatcher;
  readonly processor: BlipProcessor;
  readonly early: EarlyImage | undefined;
}

/**
 * {@link pipeline}, for a caller who knows what comes first.
 *
 * @param first the image of the first call, given to it as the same value: it is read while models are loaded
 * @throws as pipeline does
 */
export function loadPipeline<Task extends keyof Pipelines>(
  task: Task,
  idOrFolder: string,
  options: PretrainedOptions,
  first?: ImageSource,
): Promise<Pipelines[Task]>;
export async function loadPipeline(
  task: keyof Pipelines,
  idOrFolder: string,
  options: PretrainedOptions,
  first?: ImageSource,
): Promise<Pipelines[keyof Pipelines]> {
  checkArguments('pipeline', { task: [task, 'path'], idOrFolder: [idOrFolder, 'path'] });
  if (!Object.hasOwn(TASKS, task))
    throw new PipelineError(
      `Task "${String(task)}" is not implemented. Implemented: ${Object.keys(TASKS).join(', ')}.`,
    );
  const { source, load } = splitOptions('pipeline', options);
  let known: BlipProcessor | undefined;
  const folder = await convertOnce(idOrFolder, source, async (checkpoint) => {
    checkTask(task, checkpoint);
    // Of a checkpoint on the hub, loadCheckpoint checks this; here a missing file is told before a conversion, with the
    // caller's folder.
    if (fs.existsSync(idOrFolder)) known ??= await BlipProcessor.fromPretrained(idOrFolder);
  });
  const { model, processor, early } = await asOneModel(
    folder,
    () => loadFolder(task, folder, load, { known, first }),
    (loaded) => loaded.model.dispose(),
  );
  if (model instanceof OVBlipMatcher) {
    if (task === 'image-feature-extraction') return imageFeatureExtraction(model, processor);
    if (task === 'feature-extraction') return featureExtraction(model, processor);
    return imageTextMatching(model, processor, early);
  }
  if (task === 'image-to-text') return imageToText(model, processor, early);
  return visualQuestionAnswering(model, processor, early);
}

async function loadFolder(
  task: keyof Pipelines,
  folder: string,
  options: LoadModelOptions,
  { known, first }: { readonly known?: BlipProcessor; readonly first?: ImageSource },
): Promise<Loaded> {
  const early = first === undefined ? undefined : new EarlyImage(first);
  let reading = known && Promise.resolve(known);
  const read = (): Promise<BlipProcessor> => (reading ??= BlipProcessor.fromCheckpoint(folder));
  const onCompiling = (): void => {
    early?.decode(read());
    void read()
      .then(loadSharp)
      .catch(() => undefined); // told below
  };
  const onVision = early?.encode.bind(early);
  const use = { captionsOnly: task === 'image-to-text', onCompiling, onVision };
  const model = matchesImages(task)
    ? await OVBlipMatcher.loadFor(folder, options, use)
    : await OVBlipModel.loadFor(folder, options, use);
  try {
    if (task === 'visual-question-answering' && model instanceof OVBlipModel && !model.canAnswer)
      throw captionsOnly(folder);
    return { model, processor: await read(), early };
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
