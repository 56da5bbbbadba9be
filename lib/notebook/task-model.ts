// A model of any of BLIP's tasks, as the notebooks hold it: one that writes captions and perhaps answers, or one that
// matches texts.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipError } from '../core/errors';
import { ArgumentError, checkArguments } from '../core/check-arguments';
import { describeValue } from '../core/describe-value';
import type { BlipConfig } from '../checkpoint';
import { sampleText, type VqaSample } from '../datasets';
import { OVBlipMatcher, OVBlipModel, type LoadModelOptions, type PixelInput } from '../generation';
import { PARTS, type PartName } from '../optimize/quantize-options';
import { BlipProcessor, type TextInputs } from '../preprocessing';

/** NNCF's usual 128 divides no row of small models. */
const GROUP_SIZE = 64;
const WHOLE_ROWS = -1;

export type TaskModel = OVBlipModel | OVBlipMatcher;

/** A model that answers questions: it has a text encoder. */
export type AnsweringModel = OVBlipModel & { readonly canAnswer: true };

/** The parts that a model folder holds, in the order in which data flows. */
export function presentParts(folder: string): PartName[] {
  checkArguments('presentParts', { folder: [folder, 'path'] });
  return PARTS.filter((part) => fs.existsSync(path.join(folder, `blip_${part}.xml`)));
}

/**
 * Loads whichever model a folder holds that `convertBlip` or `quantizeBlip` wrote.
 *
 * @example
 * const model = await loadTaskModel('output/blip-itm-base-coco/fp16', { device: 'CPU' });
 * if (canMatch(model)) await model.match({ pixel_values, ...processor.text('a dog on a beach') });
 */
export async function loadTaskModel(folder: string, options: LoadModelOptions = {}): Promise<TaskModel> {
  checkArguments('loadTaskModel', { folder: [folder, 'path'], options: [options, 'object'] });
  const parts = presentParts(folder);
  const matches =
    (parts.includes('text_encoder') || parts.includes('text_features')) && !parts.includes('text_decoder');
  return matches ? OVBlipMatcher.load(folder, options) : OVBlipModel.load(folder, options);
}

/** @throws {ArgumentError} for anything but a loaded model */
export function checkModel(call: string, model: unknown): void {
  if (!(model instanceof OVBlipModel || model instanceof OVBlipMatcher))
    throw new ArgumentError(`${call}: model is ${describeValue(model)}, expected what loadTaskModel returned.`);
}

/** @throws {ArgumentError} for anything but a BlipProcessor */
export function checkProcessor(call: string, processor: unknown): void {
  if (!(processor instanceof BlipProcessor))
    throw new ArgumentError(`${call}: processor is ${describeValue(processor)}, expected a BlipProcessor.`);
}

/** Whether a model writes captions. */
export function canCaption(model: TaskModel): model is OVBlipModel {
  return model instanceof OVBlipModel;
}

/** Whether a model answers questions. */
export function canAnswer(model: TaskModel): model is AnsweringModel {
  return model instanceof OVBlipModel && model.canAnswer;
}

/** Whether a model tells how well a text describes an image. */
export function canMatch(model: TaskModel): model is OVBlipMatcher {
  return model instanceof OVBlipMatcher;
}

const EXAMPLES = {
  caption: ['writes no captions', 'Salesforce/blip-image-captioning-base'],
  answer: ['answers no questions', 'Salesforce/blip-vqa-base'],
  match: ['matches no texts to images', 'Salesforce/blip-itm-base-coco'],
} as const;

/**
 * One line for a cell that has nothing to show with this model.
 *
 * @example
 * cannot('match') // 'Skipped: this checkpoint matches no texts to images; Salesforce/blip-itm-base-coco does.'
 */
export function cannot(task: keyof typeof EXAMPLES): string {
  if (typeof task !== 'string' || !Object.hasOwn(EXAMPLES, task))
    throw new ArgumentError(`cannot: task is ${describeValue(task)}, expected ${Object.keys(EXAMPLES).join(', ')}.`);
  const [lack, example] = EXAMPLES[task];
  return `Skipped: this checkpoint ${lack}; ${example} does.`;
}

/**
 * Whether a model does this. Where it does not, a line says so, for a cell that then has nothing to show.
 *
 * @example
 * if (can(loaded, 'caption')) console.log(await model.generateCaption({ pixel_values }));
 */
export function can(model: TaskModel, task: keyof typeof EXAMPLES): boolean {
  checkModel('can', model);
  const said = cannot(task); // checks the task
  const does = { caption: canCaption, answer: canAnswer, match: canMatch }[task](model);
  if (!does) console.log(said);
  return does;
}

/** The model is used for something that its checkpoint was not made for. */
export class TaskError extends BlipError {}

/**
 * The model as one that writes: for code that need not ask for the checkpoint's kind each time.
 *
 * @returns the same model, or, of a checkpoint that only matches texts, one whose use throws a {@link TaskError}
 * @example
 * const model = writerOf(await loadTaskModel(folder));
 * const [ids] = await model.generateCaption({ pixel_values });
 */
export function writerOf(model: TaskModel): OVBlipModel {
  checkModel('writerOf', model);
  if (canCaption(model)) return model;
  const stand: OVBlipModel = Object.create(OVBlipModel.prototype);
  return new Proxy(stand, {
    get: (_, name) => {
      // What await and console.log ask of any value
      if (typeof name === 'symbol' || name === 'then' || name === 'constructor') return undefined;
      throw new TaskError(`${name}: ${cannot('caption')}`);
    },
  });
}

/** Everything that the model does, once: a caption and an answer, or a match. For times of the first runs. */
export async function runTasks(
  model: TaskModel,
  inputs: { readonly pixel_values: PixelInput; readonly text: TextInputs },
): Promise<void> {
  checkModel('runTasks', model);
  checkArguments('runTasks', { inputs: [inputs, ['pixel_values', 'text']] });
  const { pixel_values, text } = inputs;
  if (canMatch(model)) await model.match({ pixel_values, ...text });
  if (canCaption(model)) await model.generateCaption({ pixel_values });
  if (canAnswer(model)) await model.generateAnswer({ pixel_values, ...text });
}

/** Samples as the model reads them: a retrieval model gets texts that describe images, the others questions. */
export function taskSamples(model: TaskModel, samples: readonly VqaSample[]): VqaSample[] {
  checkModel('taskSamples', model);
  checkArguments('taskSamples', { samples: [samples, 'list'] });
  return samples.map((sample) => (canMatch(model) ? { ...sample, question: sampleText(sample) } : sample));
}

/** NNCF's group for 4-bit weights: 64 where that divides every row of the decoder, else -1, a scale for each row. */
export function decoderGroupSize(config: BlipConfig): number {
  checkArguments('decoderGroupSize', { config: [config, ['text_config']] });
  const { text_config } = config;
  checkArguments('decoderGroupSize', {
    'config.text_config': [text_config, ['hidden_size', 'intermediate_size', 'encoder_hidden_size']],
  });
  const { hidden_size, intermediate_size, encoder_hidden_size } = text_config;
  return [hidden_size, intermediate_size, encoder_hidden_size].every((size) => size % GROUP_SIZE === 0)
    ? GROUP_SIZE
    : WHOLE_ROWS;
}
