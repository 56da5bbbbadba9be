// Headers that isolate the page: only its own scripts and styles run, and nothing is loaded from or sent to other
// hosts.

/**
 * Jupyter's own pages may show the demo in a frame: they come from this machine, and so do those of Visual Studio Code.
 */
const FRAMES = "'self' http://127.0.0.1:* http://localhost:* https://127.0.0.1:* https://localhost:* vscode-webview:";

/** Headers of every answer. */
export const COMMON_HEADERS = new Map([
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'], // the address holds the token
  ['cross-origin-resource-policy', 'same-origin'],
  ['x-accel-buffering', 'no'], // nginx passes lines on as they come
]);

/**
 * Of `/about`, by which a notebook's page, another origin, finds out whether the browser reaches the demo. It may learn
 * that something answers; it cannot send the token, so that the answer is a refusal, and cannot read it.
 */
export const PROBE_HEADERS = new Map([['cross-origin-resource-policy', 'cross-origin']]);

/** Of the page: nothing inline, nothing from elsewhere. `blob:` and `data:` are images that were chosen in the page. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  `frame-ancestors ${FRAMES}`,
].join('; ');
