// The demo's page inside a notebook: opened by a click, so that a saved notebook shows a button and no broken frame.
import { checkArguments } from '../core/check-arguments';
import { display, escapeHTML } from './notebook';

const HEIGHT = 620;

/**
 * Shows a button that opens the page below itself, and a link that opens it in a new tab. The page works while the
 * kernel runs.
 *
 * @param demo the result of `startDemo`
 * @example
 * showDemo(await startDemo(model, processor));
 */
export function showDemo(demo: { readonly url: string }): void {
  checkArguments('showDemo', { demo: [demo, ['url']] });
  const { url } = demo;
  checkArguments('showDemo', { 'demo.url': [url, 'text'] });
  const address = escapeHTML(url);
  const frame = `<iframe src="${address}" width="100%" height="${HEIGHT}" style="border: 1px solid #8886; border-radius: 8px" title="Demo"></iframe>`;
  const open = `this.parentNode.parentNode.insertAdjacentHTML('beforeend', '${escapeHTML(frame.replace(/'/g, '&#39;'))}'); this.disabled = true`;
  display({
    'text/plain': `Demo: ${url} (as long as this kernel runs)`,
    'text/html':
      `<div><p><button type="button" onclick="${open}">Open the demo here</button> or in <a href="${address}" ` +
      'target="_blank" rel="noopener">a tab of its own</a>: ' +
      'it answers as long as this kernel runs, on this machine.</p></div>',
  });
}
