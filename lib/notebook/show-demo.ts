// The demo's page inside a notebook: opened by a click, so that a saved notebook shows a button and no broken frame.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { display, escapeHTML } from './notebook';

/** What the button runs, in Jupyter's page. */
const SCRIPT = path.join(__dirname, 'open-demo.mjs');

/**
 * Shows a button that opens the page below itself, and a link that opens it in a new tab. The page works while the
 * kernel runs. Where the kernel runs on another machine, the page comes through Jupyter's server if that has
 * jupyter-server-proxy; otherwise the button says what to do.
 *
 * @param demo the result of `startDemo`
 * @example
 * showDemo(await startDemo(model, processor));
 */
export function showDemo(demo: { readonly url: string; readonly port: number; readonly token: string }): void {
  checkArguments('showDemo', { demo: [demo, ['url', 'port', 'token']] });
  const { url, port, token } = demo;
  checkArguments('showDemo', { url: [url, 'text'], port: [port, 'number'], token: [token, 'text'] });
  const address = escapeHTML(url);
  const source = fs
    .readFileSync(SCRIPT, 'utf8')
    .replace('export default ', '')
    .replace(/^\/\/.*\n/gm, '');
  display({
    'text/plain': `Demo: ${url} (as long as this kernel runs)`,
    'text/html':
      `<div data-demo="${address}" data-port="${port}" data-token="${escapeHTML(token)}">` +
      `<p><button type="button" onclick="${escapeHTML(`(${source.trim()})(this)`)}">Open the demo here</button> or ` +
      `in <a href="${address}" target="_blank" rel="noopener">a tab of its own</a>: ` +
      'it answers as long as this kernel runs.</p><p role="status"></p></div>',
  });
}
