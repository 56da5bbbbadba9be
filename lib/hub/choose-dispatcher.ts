// Chooses undici's dispatcher for an address: direct, or through the proxy named by the environment. undici is loaded
// at the first request.
import { describeOddFile } from '../core/is-plain-file';
import * as fs from 'node:fs';
import * as tls from 'node:tls';
import type { Dispatcher } from 'undici';
import { expandPath } from './hub-environment';
import { HubError } from './hub-errors';
import { findProxy, type Proxy } from './find-proxy';

/** A host that takes longer to accept a connection is down. */
const CONNECT_TIMEOUT_MS = 10_000;

let loading: Promise<typeof import('undici')> | undefined;

/** undici, Node's HTTP client as a package: loading it takes some 70 ms, which programs without network save. */
export function loadUndici(): Promise<typeof import('undici')> {
  loading ??= import('undici');
  return loading;
}

export interface Route {
  readonly dispatcher: Dispatcher;
  readonly proxy?: Proxy;
}

/** One pool of connections for each proxy, and one without. */
const pools = new Map<string, Dispatcher>();

/**
 * Own choice instead of undici's EnvHttpProxyAgent: that one ignores ALL_PROXY and networks in NO_PROXY, sends https
 * through HTTP_PROXY, drops a user name without a password, and asks every proxy for a tunnel, which many refuse for
 * plain http.
 */
export async function chooseDispatcher(target: URL): Promise<Route> {
  const proxy = findProxy(target);
  const certificates = process.env.SSL_CERT_FILE ?? '';
  const key = JSON.stringify([proxy?.url.href, certificates]);
  let dispatcher = pools.get(key);
  if (!dispatcher) {
    dispatcher = await makeDispatcher(proxy, extraCertificates(certificates));
    pools.set(key, dispatcher);
  }
  return { dispatcher, proxy };
}

async function makeDispatcher(proxy: Proxy | undefined, ca: string[] | undefined): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await loadUndici();
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...(ca && { ca }) };
  if (!proxy) return new Agent({ connect });
  const requestTls = ca && { ca };
  if (proxy.url.protocol.startsWith('socks'))
    // With proxyTls, undici would speak TLS to the proxy.
    return new ProxyAgent({ uri: proxy.url.href.replace(/^socks5h/, 'socks5'), ...(requestTls && { requestTls }) });
  const { username, password, href } = proxy.url;
  const login = [username, password].map(percentDecoded).join(':');
  return new ProxyAgent({
    uri: withoutLogin(href),
    proxyTunnel: false, // plain http goes to the proxy as it is, https through a tunnel, as in all other clients
    ...(login !== ':' && { token: `Basic ${Buffer.from(login).toString('base64')}` }),
    ...(requestTls && { requestTls }),
    proxyTls: connect,
  });
}

/** A password with an unencoded % is taken as it is. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutLogin(href: string): string {
  const url = new URL(href);
  url.username = '';
  url.password = '';
  return url.href;
}

/**
 * SSL_CERT_FILE, which Python's client reads, adds to what Node trusts; undefined leaves Node's own list (with
 * NODE_EXTRA_CA_CERTS).
 */
function extraCertificates(file: string): string[] | undefined {
  if (file === '') return undefined;
  const files = [file, process.env.NODE_EXTRA_CA_CERTS ?? ''].filter((name) => name !== '').map(expandPath);
  return [...tls.rootCertificates, ...files.map(readCertificates)];
}

function readCertificates(file: string): string {
  try {
    const odd = describeOddFile(file);
    if (odd !== undefined) throw new Error(`it is ${odd}; expected a file`);
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new HubError(
      `SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names ${file}, which cannot be read: ` +
        `${error instanceof Error ? error.message : String(error)}. Correct it, or unset it.`,
    );
  }
}
