// Headers that isolate the page: only its own scripts and styles run, and nothing is loaded from or sent to other hosts.

/**
 * Jupyter's own pages may show the demo in a frame: they come from this machine, and so do those of Visual Studio Code.
 */
const FRAMES = "'self' http://127.0.0.1:* http://localhost:* https://127.0.0.1:* https://localhost:* vscode-webview:";

/** Headers of every answer. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer', // the address holds the token
  'cross-origin-resource-policy': 'same-origin',
  'x-accel-buffering': 'no', // nginx passes lines on as they come
};

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
