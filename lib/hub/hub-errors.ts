// Errors of the hub room, named after those of huggingface_hub.
import { BlipError } from '../core/errors';

/** A download or another request failed; the message says which file, and what to do. */
export class HubError extends BlipError {}

/** The hub cannot be reached, or keeps failing; cached files may still be used. */
export class UnreachableError extends HubError {}

/** The proxy named by the environment refuses the connection, or its address is invalid. */
export class ProxyError extends HubError {}

/** A file is not in the cache, and downloads are off. */
export class LocalEntryNotFoundError extends HubError {}

/** Not enough disk space for the download. */
export class DiskSpaceError extends HubError {}

/** The hub's error response. */
export interface ErrorResponse {
  readonly status: number;
  /** The hub's own code, header X-Error-Code. */
  readonly code?: string;
  /** The hub's own sentence, header X-Error-Message. */
  readonly serverMessage?: string;
}

/** The hub answered with an error that a retry does not change. */
export class HubHttpError extends HubError {
  readonly status: number;
  readonly code?: string;
  readonly serverMessage?: string;

  constructor(message: string, { status, code, serverMessage }: ErrorResponse) {
    super(message);
    this.status = status;
    this.code = code;
    this.serverMessage = serverMessage;
  }
}

/** No such repository, or a private one. */
export class RepositoryNotFoundError extends HubHttpError {}
/** The repository requires that access is requested. */
export class GatedRepoError extends HubHttpError {}
/** The repository was disabled by the hub. */
export class DisabledRepoError extends HubHttpError {}
export class RevisionNotFoundError extends HubHttpError {}
/** The repository has no such file. */
export class EntryNotFoundError extends HubHttpError {}

/** The cache's folder cannot be used: not writable, full, or no folder. */
export class CacheError extends HubError {}
/** The repository has no weights in any of the forms that were asked for. */
export class MissingWeightsError extends HubError {}

/** A transient failure, worth a retry. Does not leave this room. */
export class TransientError extends HubError {
  constructor(
    message: string,
    /** The delay that the server asks for. */
    readonly wait_ms = 0,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
