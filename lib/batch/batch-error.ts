// The error of the batch room.
import { BlipError } from '../core/errors';

/** An input cannot be read, an output cannot be written, or options contradict each other. */
export class BatchError extends BlipError {}
