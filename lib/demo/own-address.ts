// Where the page is: its address on this machine or behind a proxy, and which requests came to it. Against pages of
// other sites: neither a name that was pointed at this machine, nor a request from another site, is answered.
import type { IncomingMessage } from 'node:http';
import { DemoError } from './errors';

/** The demo listens here, and nowhere else. */
export const HOST = '127.0.0.1';
const LOOPBACK = [HOST, 'localhost', '[::1]'];
/** Stands for every host name: the proxy in front decides who may ask. */
const ANY = '*';
/** In `base_url`: the port that the demo listens on. */
const PORT = '{port}';
const MAX_HOSTS = 100;
const HOST_NAME = /^(?:\*|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])$/;

/**
 * Hosts from the environment: `BLIP_DEMO_HOSTS`, separated by commas; any under JupyterHub, whose proxy asks for a
 * login before it passes a request on.
 *
 * @example
 * defaultHosts({ BLIP_DEMO_HOSTS: 'hub.example.org, lab.example.org' }) // ['hub.example.org', 'lab.example.org']
 */
export function defaultHosts(env: NodeJS.ProcessEnv): readonly string[] {
  const listed = (env.BLIP_DEMO_HOSTS ?? '').split(',').map((host) => host.trim());
  if (listed.some((host) => host !== '')) return listed.filter((host) => host !== '');
  return env.JUPYTERHUB_SERVICE_PREFIX ? [ANY] : [];
}

/** @throws {DemoError} when one is no host name, such as an address with a scheme or a port */
export function checkHosts(hosts: readonly string[]): readonly string[] {
  if (hosts.length > MAX_HOSTS)
    throw new DemoError(`allowed_hosts has ${hosts.length} names, expected at most ${MAX_HOSTS}.`);
  return hosts.map((given) => {
    const host = given.toLowerCase();
    if (HOST_NAME.test(host) && host.length <= 253) return host;
    throw new DemoError(
      `allowed_hosts: ${JSON.stringify(given.slice(0, 80))} is no host name. Expected one without scheme and port, ` +
        `such as hub.example.org, or ${ANY} for any.`,
    );
  });
}

/**
 * The page's root as browsers see it, with a slash at its end.
 *
 * @param base_url an address, or the path of one, in which `{port}` stands for the port
 * @example
 * resolveBaseURL('/user/ann/proxy/{port}/', 40123).href // 'http://127.0.0.1:40123/user/ann/proxy/40123/'
 * @throws {DemoError} when it is neither
 */
export function resolveBaseURL(base_url: string, port: number): URL {
  const text = base_url.replaceAll(PORT, String(port));
  const fits = /^https?:\/\//i.test(text) || /^\/(?!\/)/.test(text);
  const url = fits ? parseURL(text, `http://${HOST}:${port}/`) : undefined;
  if (!url || url.search || url.hash || url.username || url.password)
    throw new DemoError(
      `base_url is ${JSON.stringify(base_url.slice(0, 200))}. Expected an address such as ` +
        `https://hub.example.org/user/ann/proxy/${PORT}/, or its path, without a query.`,
    );
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** @returns a test for requests; `hosts` are names that are allowed beside this machine's own */
export function ownRequests(hosts: readonly string[]): (request: IncomingMessage) => boolean {
  const allowed = new Set([...LOOPBACK, ...hosts]);
  const isAllowed = (name: string): boolean => allowed.has(ANY) || allowed.has(name);
  return ({ headers: { host, origin } }) => {
    const own = parseURL(`http://${host ?? ''}`);
    if (!own || !host || !isAllowed(own.hostname)) return false;
    if (origin === undefined) return true;
    const from = parseURL(origin);
    if (!from) return false;
    // From the page itself; or, where a proxy put its own name for the browser's, from an allowed host
    return from.host === parseURL(`${from.protocol}//${host}`)?.host || hosts.includes(from.hostname);
  };
}

function parseURL(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
