// The error of the pipelines room, and values that its calls have in common.
import { BlipError } from '../core/errors';

/** A task that a checkpoint, or this library, does not do; or inputs that do not fit together. */
export class PipelineError extends BlipError {}

/** One value or several. */
export type OneOrMany<T> = T | readonly T[];

/** @throws {PipelineError} for an option of the model that makes no sense where text is returned */
export function checkTextOptions(options: object): void {
  if ('return_dict_in_generate' in options && options.return_dict_in_generate)
    throw new PipelineError(
      'return_dict_in_generate: a pipeline returns text. Leave it out, or call generateCaption or generateAnswer ' +
        'of OVBlipModel.',
    );
}
