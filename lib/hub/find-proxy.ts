// Which proxy the environment names for an address, by the rules of Python's httpx (and so of huggingface_hub) and of
// curl.
import { BlockList, isIP } from 'node:net';
import { ProxyError } from './hub-errors';
import { parseURL } from './parse-url';

export interface Proxy {
  readonly url: URL;
  /** The variable that names it. */
  readonly variable: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What undici can speak to; socks5h leaves the look-up of names to the proxy, which undici always does. */
const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks5h:'];

/**
 * HTTPS_PROXY or HTTP_PROXY by the address's scheme, else ALL_PROXY, unless NO_PROXY exempts the host. Names may be in
 * lower case, which goes first.
 *
 * @returns undefined for a direct connection
 * @throws {ProxyError} when the variable holds no proxy's address
 */
export function findProxy(target: URL, environment: Environment = process.env): Proxy | undefined {
  const named = [`${target.protocol.slice(0, -1)}_proxy`, 'all_proxy']
    .map((name) => lookUp(name, environment))
    .find((found) => found !== undefined);
  if (!named || isExempt(target, lookUp('no_proxy', environment)?.value ?? '')) return undefined;
  const { variable, value } = named;
  const url = parseURL(value.includes('://') ? value : `http://${value}`);
  if (!url || !PROTOCOLS.includes(url.protocol))
    throw new ProxyError(
      `${variable} is not the address of a supported proxy; expected http://host:port, https://host:port or ` +
        'socks5://host:port (with user:password@ before the host where the proxy wants it). Correct it, or unset it.',
    );
  return { url, variable };
}

/** The proxy without its password, and where it was named. */
export function describeProxy({ url, variable }: Proxy): string {
  return `the proxy ${url.protocol}//${url.host} (${variable})`;
}

function lookUp(name: string, environment: Environment): { variable: string; value: string } | undefined {
  const upper = name.toUpperCase();
  // An empty lower-case name switches the upper-case one off. In a CGI program a client's header "Proxy" arrives as
  // HTTP_PROXY.
  const variable =
    environment[name] !== undefined || (upper === 'HTTP_PROXY' && environment.REQUEST_METHOD !== undefined)
      ? name
      : upper;
  const value = environment[variable]?.trim();
  return value ? { variable, value } : undefined;
}

function isExempt(target: URL, list: string): boolean {
  return list
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || matches(target, entry.toLowerCase()));
}

/**
 * `example.com` means its subdomains too, `.example.com` and `*.example.com` only them; addresses may be networks,
 * names have ports.
 */
function matches(target: URL, entry: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const [, scheme, rest = ''] = /^(?:(\w+):\/\/)?(.*)$/.exec(entry) ?? [];
  if (scheme !== undefined && scheme !== 'all' && `${scheme}:` !== target.protocol) return false;
  const network = /^\[?([\da-f.:]+)\]?\/(\d+)$/.exec(rest);
  if (network) return isInNetwork(host, network[1], Number(network[2]));
  const { name, port } = splitPort(rest);
  if (port !== undefined && port !== portOf(target)) return false;
  if (isIP(name)) return isInNetwork(host, name, isIP(name) === 4 ? 32 : 128);
  if (name === 'localhost' || scheme !== undefined) return host === name;
  const domain = name.replace(/^\*?\.?/, '');
  const subdomainsOnly = /^\*?\./.test(name);
  return host.endsWith(`.${domain}`) || (!subdomainsOnly && host === domain);
}

/** `host:8080`, `[::1]:8080`; a bare IPv6 address has colons of its own. */
function splitPort(text: string): { name: string; port?: number } {
  if (isIP(text)) return { name: text };
  const [, bracketed, plain = '', port] = /^(?:\[([\da-f.:]+)\]|(.*?))(?::(\d+))?$/.exec(text) ?? [];
  return { name: bracketed ?? plain, ...(port !== undefined && { port: Number(port) }) };
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

function isInNetwork(host: string, network: string, prefix: number): boolean {
  const kind = isIP(network);
  if (kind === 0 || isIP(host) !== kind || prefix > (kind === 4 ? 32 : 128)) return false;
  const family = kind === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(host, family);
}
