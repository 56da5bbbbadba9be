// Texts for many encoded images in one batch, each handed over as soon as it is finished.
import { beginToken, resolveGenerationOptions, type GenerationOptions } from './generation-options';
import { GenerationOptionsError } from './generation-options-error';
import type { OVBlipModel } from './blip-model';
import type { GenerationParts } from './generation-parts';
import { DecoderSession, type EncoderStates } from './decoder-session';
import type { ImageEmbeds, Texts } from './model-inputs';
import { readPrompts } from './read-prompts';
import { repeatEach } from './repeat-rows';
import { searchRows, type FinishedRow } from './search-rows';

export interface RowInputs {
  /** [rows, tokens, hidden] f32. Overwritten by captionRows: rows that are left take the place of finished ones. */
  readonly image_embeds: ImageEmbeds;
  /** One prompt, or one question, for all rows. */
  readonly text?: Texts;
}

/**
 * Captions, by greedy or beam search: for each row the ids that generateCaption gives for its image alone.
 *
 * @param onRow called once per row, in the order in which they are finished
 * @throws {BlipModelError | GenerationOptionsError} before anything runs
 */
export async function captionRows(
  model: OVBlipModel,
  { image_embeds, text }: RowInputs,
  options: GenerationOptions,
  onRow: (row: FinishedRow) => void,
): Promise<void> {
  const bos = beginToken(options, model.config.text_config);
  await model.takeTurn(options.signal, async (parts) => {
    const [prompt] = text ? readPrompts(text, bos, (texts) => parts.encoders.checkTexts(texts)) : [[bos]];
    const states = await parts.encoders.imageEmbeds({ image_embeds });
    await generateRows(parts, { states, prompt, options }, onRow);
  });
}

/** The answers to one question about each image: see captionRows. */
export async function answerRows(
  model: OVBlipModel,
  { image_embeds, text }: Required<RowInputs>,
  options: GenerationOptions,
  onRow: (row: FinishedRow) => void,
): Promise<void> {
  const prompt = [beginToken(options, model.config.text_config)];
  await model.takeTurn(options.signal, async (parts) => {
    parts.encoders.checkTexts(text);
    const image = await parts.encoders.imageEmbeds({ image_embeds });
    const encoded = await parts.encoders.encodeTexts(image, text, 'last_hidden_state', 'questions');
    const [rows, length, size] = encoded.dims;
    await generateRows(parts, { states: { ...encoded, dims: [rows, length, size] }, prompt, options }, onRow);
  });
}

async function generateRows(
  { encoders, decoder }: GenerationParts,
  inputs: {
    readonly states: EncoderStates;
    readonly prompt: readonly number[];
    readonly options: GenerationOptions;
  },
  onRow: (row: FinishedRow) => void,
): Promise<void> {
  const { states, prompt, options } = inputs;
  const settings = resolveGenerationOptions(options, prompt.length, encoders.config.text_config);
  const { num_beams, max_length, num_return_sequences, sampling } = settings;
  if (sampling || num_return_sequences > 1)
    throw new GenerationOptionsError(
      `${sampling ? 'do_sample' : 'num_return_sequences'} is not for batches: each image gets its most likely text. ` +
        'Leave it out, or call generateCaption for each image.',
    );
  const [rows] = states.dims;
  const session = new DecoderSession({
    openvino: encoders.openvino,
    decoder,
    states: repeatEach(states, num_beams),
    ownsStates: true,
    rows: rows * num_beams,
    max_length,
  });
  try {
    await searchRows(session, Array<readonly number[]>(rows).fill(prompt), settings, onRow);
  } finally {
    session.dispose();
  }
}
