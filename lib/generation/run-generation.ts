// One generation: the searches over encoder states that are there, and the time that they take.
import type { EncoderStates } from './decoder-session';
import { generateOutput, type GenerateOutput } from './generate-output';
import type { SearchSettings } from './generation-options';
import type { GenerationParts } from './generation-parts';
import { runSearches } from './run-searches';

/** What a generation reads: encoder states, and the tokens that each row begins with. */
export interface GenerationInputs {
  readonly states: EncoderStates;
  readonly prompts: readonly (readonly number[])[];
  /** Settings by length of the prompt. */
  readonly settings: ReadonlyMap<number, SearchSettings>;
  /** Milliseconds of the stages before the decoder. */
  readonly vision: number;
  readonly text_encoder: number;
}

/**
 * @throws {BlipModelError} when the models were disposed
 * @throws the signal's reason when aborted
 */
export async function runGeneration(
  { encoders, decoder }: GenerationParts,
  inputs: GenerationInputs,
): Promise<GenerateOutput> {
  const [settings] = inputs.settings.values();
  encoders.assertUsable();
  settings.signal?.throwIfAborted();
  const start = performance.now();
  const result = await runSearches({ ...inputs, openvino: encoders.openvino, decoder });
  const { vision, text_encoder } = inputs;
  const timings = { vision, text_encoder, decoder: performance.now() - start };
  return generateOutput(result, { settings, timings });
}
