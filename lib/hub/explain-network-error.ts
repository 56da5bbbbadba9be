// Explains why a request got no response: what to wait for, what to correct.
import { describeProxy, type Proxy } from './find-proxy';
import { HubError, ProxyError, TransientError, UnreachableError } from './hub-errors';

export interface RequestSubject {
  readonly url: URL;
  readonly proxy?: Proxy;
  readonly timeout_ms: number;
}

/** Certificates that Node does not trust: most likely those of a company proxy that inspects TLS. */
const UNTRUSTED = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
];
const SILENT = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];
/** Errors of the connection to the next host, which is the proxy where there is one. */
const UNCONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

/** @returns a HubError for what undici, or the system below it, threw */
export function explainNetworkError(error: unknown, { url, proxy, timeout_ms }: RequestSubject): HubError {
  if (error instanceof HubError) return error;
  const { code, reason } = describe(error);
  const cause = { cause: error };
  if (SILENT.includes(code)) return new TransientError(`no data for ${timeout_ms / 1000} s`, 0, cause);
  if (UNTRUSTED.includes(code))
    return new UnreachableError(
      `${url.origin}: its certificate is not trusted: ${reason} (${code}). In a company network, start Node with ` +
        'the environment variable ' +
        "NODE_EXTRA_CA_CERTS set to the file with the company's certificates (PEM).",
      cause,
    );
  const refused = proxy && /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/.exec(reason);
  if (refused) return explainProxyError(Number(refused[1] ?? refused[2]), url, proxy, cause);
  if (proxy && /^SOCKS5|UND_ERR_SOCKS5/i.test(`${code || reason}`))
    return new ProxyError(`${url.origin}: ${describeProxy(proxy)} refused the connection: ${reason}.`, cause);
  if (proxy && UNCONNECTED.includes(code))
    return new TransientError(
      `${describeProxy(proxy)} cannot be reached: ${reason}. Correct the variable, or exempt ${url.hostname} ` +
        'with NO_PROXY',
      0,
      cause,
    );
  return new TransientError(reason, 0, cause);
}

function explainProxyError(status: number, url: URL, proxy: Proxy, cause: ErrorOptions): HubError {
  const what = `${describeProxy(proxy)} answered ${status} to the request for ${url.origin}`;
  if (status >= 500) return new TransientError(what, 0, cause);
  const { protocol, host, username } = proxy.url;
  const advice =
    status === 407
      ? (username ? 'It does not accept the user name and password given' : 'It requires a user name and password') +
        `: set ${proxy.variable}=${protocol}//user:password@${host} (special characters percent-encoded).`
      : `It blocks this host: ask its administrator, use another proxy, or exempt the host with ` +
        `NO_PROXY=${url.hostname}.`;
  return new ProxyError(`${what}. ${advice}`, cause);
}

/** The innermost cause has the reason; an AggregateError (one failure per address of a host) has an empty message. */
function describe(error: unknown): { code: string; reason: string } {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors[0] instanceof Error) inner = inner.errors[0];
  if (!(inner instanceof Error)) return { code: '', reason: String(inner) };
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
  return { code, reason: inner.message || code || inner.name };
}
