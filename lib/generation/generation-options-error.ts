// The error of options of a generation.
import { BlipError } from '../core/errors';

/** An option is unknown, not implemented, or out of range; the message names it. */
export class GenerationOptionsError extends BlipError {}
