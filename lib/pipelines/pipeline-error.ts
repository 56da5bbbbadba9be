// The error of the pipelines room, and values that its calls have in common.
import { describeValue } from '../core/describe-value';
import { BlipError } from '../core/errors';

/** A task that a checkpoint, or this library, does not do; or inputs that do not fit together. */
export class PipelineError extends BlipError {}

/** One value or several. */
export type OneOrMany<T> = T | readonly T[];

/** @throws {PipelineError} when they are no object, or for an option that makes no sense where text is returned */
export function checkTextOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new PipelineError(
      `The options are ${describeValue(options)}, expected an object such as { max_new_tokens: 20 }.`,
    );
  for (const name of ['return_dict_in_generate', 'output_scores'])
    if (name in options && Reflect.get(options, name))
      throw new PipelineError(
        `${name}: a pipeline returns text. Leave it out, or call generateCaption or generateAnswer of OVBlipModel. ` +
          'output_probabilities gives the probability of each token.',
      );
}

/** @throws {PipelineError} when a stream is asked for more than one text */
export function checkOneText({ num_return_sequences = 1 }: { readonly num_return_sequences?: number }): void {
  if (num_return_sequences !== 1)
    throw new PipelineError(
      `num_return_sequences is ${num_return_sequences}: a stream is one text. Leave it out, or call without stream.`,
    );
}
