// The error of everything that goes wrong between this library and NNCF's worker.
import { BlipError } from '../core/errors';

/** The worker failed, died, or did not keep to its protocol. `traceback` is Python's, where there is one. */
export class NncfWorkerError extends BlipError {
  constructor(
    message: string,
    readonly traceback?: string,
  ) {
    super(message);
  }
}
