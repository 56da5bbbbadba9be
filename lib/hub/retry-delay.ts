// The delay before a retry that a busy server asks for.

type Header = (name: string) => string | undefined;

/** Servers count in whole seconds; huggingface_hub adds one too. */
const ROUNDING_MS = 1_000;

/**
 * The wait in milliseconds: of a 429 what `RateLimit` says (`"api";r=0;t=30`, draft-ietf-httpapi-ratelimit-headers),
 * else `Retry-After` in seconds or as a date; 0 when the server does not say.
 *
 * @param now in milliseconds since 1970, for dates
 */
export function retryDelay(status: number, header: Header, now = Date.now()): number {
  const limit = status === 429 ? rateLimitReset(header('ratelimit')) : undefined;
  const seconds = limit ?? retryAfter(header('retry-after'), now);
  return seconds === undefined ? 0 : 1_000 * seconds + ROUNDING_MS;
}

/** Seconds until requests are allowed again; undefined when some are left. */
function rateLimitReset(value: string | undefined): number | undefined {
  const [, remaining, reset] = /"[^"]*"\s*;\s*r\s*=\s*(\d+)\s*;\s*t\s*=\s*(\d+)/.exec(value ?? '') ?? [];
  return reset !== undefined && Number(remaining) === 0 ? Number(reset) : undefined;
}

function retryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  const date = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN; // Date.parse takes "-5" for a date
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1_000));
}
