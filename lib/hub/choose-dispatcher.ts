// Chooses undici's dispatcher for an address: direct, or through the proxy named by the environment. undici is loaded
// at the first request.
import type { Dispatcher } from 'undici';
import { basicLogin, decodedLogin, withoutLogin } from './basic-login';
import { certificatePlaces, readCertificates } from './extra-certificates';
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
  const places = certificatePlaces();
  const key = JSON.stringify([proxy?.url.href, places]);
  let dispatcher = pools.get(key);
  if (!dispatcher) {
    dispatcher = await makeDispatcher(proxy, readCertificates(places));
    pools.set(key, dispatcher);
  }
  return { dispatcher, proxy };
}

async function makeDispatcher(proxy: Proxy | undefined, ca: string[] | undefined): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await loadUndici();
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...(ca && { ca }) };
  if (!proxy) return new Agent({ connect });
  const uri = withoutLogin(proxy.url).href;
  const requestTls = ca && { requestTls: { ca } };
  if (proxy.url.protocol.startsWith('socks')) {
    // undici would send a login in the address as it is encoded there. With proxyTls, it would speak TLS to the proxy.
    const options = { uri: uri.replace(/^socks5h/, 'socks5'), ...decodedLogin(proxy.url), ...requestTls };
    return new ProxyAgent(options);
  }
  return new ProxyAgent({
    uri,
    proxyTunnel: false, // plain http goes to the proxy as it is, https through a tunnel, as in all other clients
    token: basicLogin(proxy.url),
    ...requestTls,
    proxyTls: connect,
  });
}
