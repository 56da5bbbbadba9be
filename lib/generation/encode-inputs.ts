// What the decoder attends to, from a call's images and questions, with the time that it took.
import { BlipModelError } from './check-inputs';
import type { EncoderStates } from './decoder-session';
import type { Encoders } from './encoders';
import type { ImageEmbeds, ImageInput, ImageTextInputs } from './model-inputs';

/** @throws {BlipModelError} when the model has no text encoder */
export function assertAnswers({ text, folder }: Encoders): void {
  if (text === undefined)
    throw new BlipModelError(
      `${folder} has no text encoder: its checkpoint was made for captions. Load a VQA checkpoint, such ` +
        'as Salesforce/blip-vqa-base.',
    );
}

export async function imageStates(
  encoders: Encoders,
  inputs: ImageInput,
): Promise<{ readonly states: ImageEmbeds; readonly vision: number }> {
  const start = performance.now();
  const states = await encoders.imageEmbeds(inputs);
  return { states, vision: inputs.image_embeds ? 0 : performance.now() - start };
}

export async function questionStates(
  encoders: Encoders,
  inputs: ImageTextInputs,
): Promise<{ readonly states: EncoderStates; readonly vision: number; readonly text_encoder: number }> {
  encoders.checkTexts(inputs);
  const { states: image, vision } = await imageStates(encoders, inputs);
  const start = performance.now();
  const question = await encoders.encodeTexts(image, inputs, 'last_hidden_state', 'questions');
  const text_encoder = performance.now() - start;
  const [rows, length, size] = question.dims;
  return { states: { ...question, dims: [rows, length, size] }, vision, text_encoder };
}
