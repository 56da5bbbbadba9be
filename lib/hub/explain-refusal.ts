// The hub's refusals in words: what it said, what that means, what to do. Answers that may be different a moment later are told apart.
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
  type Refusal,
} from './hub-errors';
import { retryDelay } from './retry-delay';
import type { Answer, AnswerHead } from './send-request';

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
 * Whether a content host refuses, to which the hub redirected: its signed addresses expire after a while, a new one is asked of the hub.
 * What answers in the hub's words is a mirror.
 */
export function isExpired({ status, fromHub, redirects, header }: Answer): boolean {
  return status >= 400 && status < 500 && !fromHub && redirects.length > 0 && header('x-error-code') === undefined;
}

/** @throws {HubHttpError} when the answer is a refusal @throws {TransientError} when it may be different a moment later */
export async function checkAnswer(answer: Answer, subject: HubSubject = {}): Promise<void> {
  if (answer.status < 400) return;
  await answer.discard();
  throw explainRefusal(answer, subject);
}

export function explainRefusal(
  answer: AnswerHead & { readonly redirects?: readonly AnswerHead[] },
  subject: HubSubject,
): HubError {
  const { status, header, url, fromHub } = answer;
  const refusal: Refusal = {
    status,
    code: clean(header('x-error-code')),
    serverMessage: clean(header('x-error-message')),
  };
  const said = refusal.serverMessage ? `: "${refusal.serverMessage}"` : '';
  if (status >= 500 || TRANSIENT_STATUS.includes(status))
    return new TransientError(
      `${url.host} answered status ${status}${status === 429 ? ' (too many requests)' : ''}${said}`,
      retryDelay(status, header),
    );
  const what = subject.id ?? `${url.origin}${url.pathname}`;
  const got = `got status ${status}${said}`;
  if (!fromHub && subject.id === undefined) return new HubHttpError(`${url.href}: ${got}. Check the address.`, refusal);
  return classify({ refusal, what, got, subject, token: answer.token?.source });
}

interface Circumstances {
  readonly refusal: Refusal;
  readonly what: string;
  readonly got: string;
  readonly subject: HubSubject;
  /** Where the token that was sent came from. */
  readonly token?: string;
}

function classify(circumstances: Circumstances): HubHttpError {
  const { refusal, what, got, subject, token } = circumstances;
  const { status, code, serverMessage = '' } = refusal;
  const { id, revision = 'main', file } = subject;
  const page = `${hubEndpoint()}/${id ?? ''}`;
  const logIn = token
    ? `The token from ${token} was sent: check that its account has access.`
    : 'Log in with "hf auth login", or set HF_TOKEN.';
  if (/^Invalid credentials/i.test(serverMessage) && token)
    return new HubHttpError(
      `${what}: the hub does not accept the token from ${token}: ${got}. Make a new one at https://huggingface.co/settings/tokens, or remove it: public repositories need none.`,
      refusal,
    );
  if (code === 'GatedRepo')
    return new GatedRepoError(
      `${what}: access must be asked for: ${got}. Accept the conditions on ${page} with your account. ${logIn}`,
      refusal,
    );
  if (/access to this resource is disabled/i.test(serverMessage))
    return new DisabledRepoError(
      `${what}: the hub has closed this repository: ${got}. Nothing on your side helps: choose another one, or ask on ${page}.`,
      refusal,
    );
  if (status === 451)
    return new HubHttpError(
      `${what}: the hub may not hand this out for legal reasons, perhaps only in your country: ${got}. Choose another one, or ask on ${page}.`,
      refusal,
    );
  if (code === 'RevisionNotFound')
    return new RevisionNotFoundError(
      `${what}: has no revision "${revision}": ${got}. Branches, tags and pull requests (refs/pr/<number>) stand on ${page}.`,
      refusal,
    );
  if (code === 'EntryNotFound')
    return new EntryNotFoundError(
      `${what}: has no file ${file ?? ''} at ${revision}: ${got}. Its files stand on ${page}/tree/${revision}.`,
      refusal,
    );
  if (code === 'RepoNotFound' || (status === 401 && id !== undefined))
    return new RepositoryNotFoundError(
      `${what}: the hub has no such repository, or it is private: ${got}. Check the id's spelling. ${logIn}`,
      refusal,
    );
  if (status === 401 || status === 403)
    return new HubHttpError(
      `${what}: access was refused: ${got}. ${logIn} A misspelt id gives the same answer.`,
      refusal,
    );
  if (status === 404)
    return new EntryNotFoundError(
      `${what}: not found${file ? ` (${file} at ${revision})` : ''}: ${got}. Check the id and the revision.`,
      refusal,
    );
  return new HubHttpError(`${what}: ${got}${file ? ` for ${file}` : ''}. Check the id and the revision.`, refusal);
}

/** A server's text is shown on a terminal and in a notebook: one line, no control characters, not too long. */
function clean(text: string | undefined): string | undefined {
  const line = text?.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line ? line.slice(0, SHOWN) : undefined;
}
