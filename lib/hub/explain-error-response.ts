// Explains the hub's error responses: what it said, what that means, what to do. Transient errors are told apart.
import { hubEndpoint } from './hub-environment';
import {
  DisabledRepoError,
  EntryNotFoundError,
  GatedRepoError,
  HubHttpError,
  RepositoryNotFoundError,
  RevisionNotFoundError,
  TransientError,
  type HubError,
  type ErrorResponse,
} from './hub-errors';
import { retryDelay } from './retry-delay';
import type { HttpResponse, ResponseHead } from './send-request';

/** What was asked for, as messages name it. */
export interface HubSubject {
  /** A repository's id; without it the address alone is named. */
  readonly id?: string;
  readonly revision?: string;
  readonly file?: string;
}

/** Time-out, too many requests; 5xx too. */
const TRANSIENT_STATUS = [408, 429];
/** As much of a server's sentence as is shown. */
const SHOWN = 400;

/**
 * Whether a content host refuses, to which the hub redirected: its signed addresses expire after a while, a new one is
 * asked of the hub.
 * A mirror is told apart by the hub's own error headers.
 */
export function isExpired({ status, fromHub, redirects, header }: HttpResponse): boolean {
  return status >= 400 && status < 500 && !fromHub && redirects.length > 0 && header('x-error-code') === undefined;
}

/** @throws {HubHttpError} for an error that lasts @throws {TransientError} for one that may not */
export async function checkResponse(response: HttpResponse, subject: HubSubject = {}): Promise<void> {
  if (response.status < 400) return;
  await response.discard();
  throw explainErrorResponse(response, subject);
}

function explainErrorResponse(response: ResponseHead, subject: HubSubject): HubError {
  const { status, header, url, fromHub } = response;
  const error: ErrorResponse = {
    status,
    code: clean(header('x-error-code')),
    serverMessage: clean(header('x-error-message')),
  };
  const said = error.serverMessage ? `: "${error.serverMessage}"` : '';
  if (status >= 500 || TRANSIENT_STATUS.includes(status))
    return new TransientError(
      `${url.host} answered status ${status}${status === 429 ? ' (too many requests)' : ''}${said}`,
      retryDelay(status, header),
    );
  const what = subject.id ?? `${url.origin}${url.pathname}`;
  const got = `got status ${status}${said}`;
  if (!fromHub && subject.id === undefined) return new HubHttpError(`${url.href}: ${got}. Check the address.`, error);
  return classify({ error, what, got, subject, token: response.token?.source });
}

interface ErrorContext {
  readonly error: ErrorResponse;
  readonly what: string;
  readonly got: string;
  readonly subject: HubSubject;
  /** Where the token that was sent came from. */
  readonly token?: string;
}

function classify(context: ErrorContext): HubHttpError {
  const { error, what, got, subject, token } = context;
  const { status, code, serverMessage = '' } = error;
  const { id, revision = 'main', file } = subject;
  const page = `${hubEndpoint()}/${id ?? ''}`;
  const logIn = token
    ? `The token from ${token} was sent: check that its account has access.`
    : 'Log in with "hf auth login", or set HF_TOKEN.';
  if (/^Invalid credentials/i.test(serverMessage) && token)
    return new HubHttpError(
      `${what}: the hub does not accept the token from ${token}: ${got}. Create a new one at ` +
        'https://huggingface.co/settings/tokens, or remove it: public repositories need none.',
      error,
    );
  if (code === 'GatedRepo')
    return new GatedRepoError(
      `${what}: access must be requested: ${got}. Accept the conditions on ${page} with your account. ${logIn}`,
      error,
    );
  if (/access to this resource is disabled/i.test(serverMessage))
    return new DisabledRepoError(
      `${what}: the hub has disabled this repository: ${got}. Choose another one, or ask its owner on ${page}.`,
      error,
    );
  if (status === 451)
    return new HubHttpError(
      `${what}: unavailable for legal reasons, perhaps only in your country: ${got}. Choose another one, or ask ` +
        `its owner on ${page}.`,
      error,
    );
  if (code === 'RevisionNotFound')
    return new RevisionNotFoundError(
      `${what}: has no revision "${revision}": ${got}. See ${page} for its branches, tags and pull requests ` +
        '(refs/pr/<number>).',
      error,
    );
  if (code === 'EntryNotFound')
    return new EntryNotFoundError(
      `${what}: has no file ${file ?? ''} at ${revision}: ${got}. See ${page}/tree/${revision} for its files.`,
      error,
    );
  if (code === 'RepoNotFound' || (status === 401 && id !== undefined))
    return new RepositoryNotFoundError(
      `${what}: the hub has no such repository, or it is private: ${got}. Check the spelling of the id. ${logIn}`,
      error,
    );
  if (status === 401 || status === 403)
    return new HubHttpError(
      `${what}: access was refused: ${got}. ${logIn} A misspelled id gives the same error.`,
      error,
    );
  if (status === 404)
    return new EntryNotFoundError(
      `${what}: not found${file ? ` (${file} at ${revision})` : ''}: ${got}. Check the id and the revision.`,
      error,
    );
  return new HubHttpError(`${what}: ${got}${file ? ` for ${file}` : ''}. Check the id and the revision.`, error);
}

/** A server's text is shown on a terminal and in a notebook: one line, no control characters, not too long. */
function clean(text: string | undefined): string | undefined {
  const line = text?.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line ? line.slice(0, SHOWN) : undefined;
}
