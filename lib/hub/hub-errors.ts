// What can go wrong with the hub. The classes are named after those of huggingface_hub.
import { BlipError } from '../core/errors';

/** The hub did not give what was asked for; the message says which file, and what to do. */
export class HubError extends BlipError {}

/** The hub cannot be reached, or fails again and again: what is cached may still do. */
export class UnreachableError extends HubError {}

/** The proxy that the environment names refuses, or is not there. */
export class ProxyError extends HubError {}

/** The cache lacks a file and the network must not be asked. */
export class LocalEntryNotFoundError extends HubError {}

/** The disk has not enough room for the download. */
export class DiskSpaceError extends HubError {}

/** What the hub said when it refused. */
export interface Refusal {
  readonly status: number;
  /** The hub's own code, header X-Error-Code. */
  readonly code?: string;
  /** The hub's own sentence, header X-Error-Message. */
  readonly serverMessage?: string;
}

/** The hub refused a request, and will refuse it again. */
export class HubHttpError extends HubError {
  readonly status: number;
  readonly code?: string;
  readonly serverMessage?: string;

  constructor(message: string, { status, code, serverMessage }: Refusal) {
    super(message);
    this.status = status;
    this.code = code;
    this.serverMessage = serverMessage;
  }
}

/** No such repository, or one that only some may see. */
export class RepositoryNotFoundError extends HubHttpError {}
/** The owner lets only those in who asked for access. */
export class GatedRepoError extends HubHttpError {}
/** The hub's operators closed the repository. */
export class DisabledRepoError extends HubHttpError {}
export class RevisionNotFoundError extends HubHttpError {}
/** The repository has no such file. */
export class EntryNotFoundError extends HubHttpError {}

/** Fails now, may work later: worth another attempt. Does not leave this room. */
export class TransientError extends HubError {
  constructor(
    message: string,
    /** How long the server asks to wait. */
    readonly wait_ms = 0,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
