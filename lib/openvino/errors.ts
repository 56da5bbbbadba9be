// The errors of the OpenVINO room.
import { BlipError } from '../core/errors';

/** A call of OpenVINO failed; the message contains OpenVINO's own. */
export class OpenVINOError extends BlipError {
  constructor(
    message: string,
    readonly call: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** No OpenVINO runtime could be loaded. */
export class OpenVINONotFoundError extends BlipError {}

/** A handle was used after `dispose()`. */
export class DisposedError extends BlipError {
  constructor(what: string) {
    super(`${what} was used after dispose(). Create a new one, or dispose it later.`);
  }
}
