// The environment variables that huggingface_hub reads, with the same meaning: where the hub is, where its cache is,
// how long to wait.
import * as path from 'node:path';
import { homeFolder } from '../core/home-folder';
import { basicLogin } from './basic-login';
import { HubError } from './hub-errors';
import { parseURL } from './parse-url';

const DEFAULT_ENDPOINT = 'https://huggingface.co';
/** Addresses of the public hub: a redirect between them keeps the login token, as in huggingface_hub. */
const PUBLIC_ENDPOINTS = [DEFAULT_ENDPOINT, 'https://hub-ci.huggingface.co', 'https://hf.co'];
/** A server that takes longer to describe a file is down; huggingface_hub's DEFAULT_ETAG_TIMEOUT. */
const DEFAULT_ETAG_TIMEOUT_S = 10;
/**
 * A transfer without a single byte for this long is dead. huggingface_hub waits 10 s, which slow lines exceed now and
 * then.
 */
const DEFAULT_DOWNLOAD_TIMEOUT_S = 30;

/**
 * The hub's address without a trailing slash and without a login: HF_ENDPOINT, or huggingface.co when that is unset or
 * empty.
 */
export function hubEndpoint(): string {
  return readEndpoint('HF_ENDPOINT', process.env.HF_ENDPOINT ?? '') ?? DEFAULT_ENDPOINT;
}

/** The login in HF_ENDPOINT (`https://user:password@mirror.example.org`), as Python's client sends it to that host. */
export function endpointLogin(url: URL): string | undefined {
  const endpoint = parseURL(process.env.HF_ENDPOINT?.trim() ?? '');
  return endpoint?.origin === url.origin ? basicLogin(endpoint) : undefined;
}

/**
 * Whether an address is the hub's own, so that the login token may go there. HUB_TRUSTED_ENDPOINTS adds mirrors: a
 * comma-separated list of addresses (`https://mirror.example.org`).
 */
export function isHubAddress(url: URL): boolean {
  const trusted = (process.env.HUB_TRUSTED_ENDPOINTS ?? '')
    .split(',')
    .map((address) => readEndpoint('HUB_TRUSTED_ENDPOINTS', address) ?? DEFAULT_ENDPOINT);
  return [hubEndpoint(), ...PUBLIC_ENDPOINTS, ...trusted].some((endpoint) => new URL(endpoint).origin === url.origin);
}

function readEndpoint(variable: string, value: string): string | undefined {
  const address = value.trim().replace(/\/+$/, '');
  if (address === '') return undefined;
  if (!/^https?:\/\//i.test(address) || !parseURL(address))
    throw new HubError(
      `${variable} is ${JSON.stringify(value)}; expected a web address such as ${DEFAULT_ENDPOINT}. Correct it, ` +
        'or unset it for the public hub.',
    );
  return address.replace(/^(https?:\/\/)[^/?#]*@/i, '$1'); // addresses stand in messages
}

/** HF_HUB_DISABLE_SYMLINKS: the cache's snapshots hold files instead of links. */
export function allowsSymlinks(): boolean {
  return !isTrue(process.env.HF_HUB_DISABLE_SYMLINKS);
}

/**
 * An address of the public hub as HF_ENDPOINT's mirror serves it: what a mirror passes on of the hub's lists names the
 * hub itself, which its users may not reach. Any other address stays as it is.
 */
export function viaEndpoint(address: string): string {
  const [endpoint, url] = [hubEndpoint(), parseURL(address)];
  const isPublic = url !== undefined && PUBLIC_ENDPOINTS.some((one) => new URL(one).origin === url.origin);
  return isPublic && endpoint !== DEFAULT_ENDPOINT ? `${endpoint}${url.pathname}${url.search}` : address;
}

/** HF_HUB_OFFLINE, or TRANSFORMERS_OFFLINE: nothing is asked of the network. */
export function isOffline(): boolean {
  return isTrue(process.env.HF_HUB_OFFLINE || process.env.TRANSFORMERS_OFFLINE);
}

/** `1`, `on`, `yes` and `true` in any case. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'on', 'yes', 'true'].includes(value.toLowerCase());
}

/** Milliseconds to wait for the description of a file: HF_HUB_ETAG_TIMEOUT (seconds), 10 s by default. */
export function etagTimeout(): number {
  return 1000 * readSeconds('HF_HUB_ETAG_TIMEOUT', DEFAULT_ETAG_TIMEOUT_S);
}

/**
 * Milliseconds without a byte after which a transfer is taken up again: HF_HUB_DOWNLOAD_TIMEOUT (seconds), 30 s by
 * default.
 */
export function downloadTimeout(): number {
  return 1000 * readSeconds('HF_HUB_DOWNLOAD_TIMEOUT', DEFAULT_DOWNLOAD_TIMEOUT_S);
}

function readSeconds(variable: string, fallback: number): number {
  const value = process.env[variable]?.trim();
  if (!value) return fallback;
  const seconds = Number(value);
  if (!(seconds > 0 && Number.isFinite(seconds)))
    throw new HubError(`${variable} is ${JSON.stringify(value)}; expected a number of seconds above 0, such as 30.`);
  return seconds;
}

/** HF_HOME, else `huggingface` in XDG_CACHE_HOME or ~/.cache. */
export function hubHome(): string {
  const { HF_HOME, XDG_CACHE_HOME } = process.env;
  return expandPath(HF_HOME || path.join(XDG_CACHE_HOME || path.join('~', '.cache'), 'huggingface'));
}

/** Where Python's huggingface_hub keeps its downloads under the same environment. */
export function defaultCache(): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE } = process.env;
  return expandPath(HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || path.join(hubHome(), 'hub'));
}

/**
 * `~` at the start and `$NAME` or `${NAME}` anywhere, as Python's expanduser and expandvars; unknown names stay as they
 * are.
 */
export function expandPath(text: string): string {
  return text
    .replace(/^~(?=$|[\\/])/, () => homeFolder())
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) => {
      return process.env[plain ?? braced ?? ''] ?? whole;
    });
}
