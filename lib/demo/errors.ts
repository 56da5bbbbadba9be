// What the demo refuses, by its kind: the server turns each into a status.
import { BlipError } from '../core/errors';

/** The server cannot start, or an example cannot be read. */
export class DemoError extends BlipError {}

/** More requests wait, or more bytes are held, than the demo takes: asking again later may work. */
export class DemoBusyError extends DemoError {}

/** A question, or a setting of a request, that the model cannot take. */
export class DemoQuestionError extends DemoError {}
