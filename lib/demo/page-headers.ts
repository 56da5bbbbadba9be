// Headers that isolate the page: only its own script and style run, and nothing is loaded from or sent to other hosts.
import { createHash } from 'node:crypto';

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
};

/**
 * The Content-Security-Policy for a page with one script and one style in it.
 *
 * @param html the page; its inline parts are allowed by their SHA-256
 */
export function contentSecurityPolicy(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashes(html, 'script')}`,
    `style-src ${hashes(html, 'style')}`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${FRAMES}`,
  ].join('; ');
}

function hashes(html: string, tag: 'script' | 'style'): string {
  const parts = [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))];
  return (
    parts.map(([, text]) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ') || "'none'"
  );
}
