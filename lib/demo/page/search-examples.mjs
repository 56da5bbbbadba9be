// The field that searches the examples: a retrieval model ranks them by how well the text describes each.
import { $, element, find } from './dom.mjs';
import { get } from './server.mjs';
import { percent } from './show-details.mjs';

/** @param {(HTMLButtonElement | undefined)[]} buttons the examples in their order; undefined without an image */
export function searchField(buttons) {
  const field = find('search-text', HTMLInputElement);
  const told = $('search-told');
  let searches = 0;
  $('search').hidden = false;

  /** @param {{ example: number, probability?: number }[]} found */
  function show(found) {
    for (const { example, probability } of found) {
      const button = buttons[example];
      button?.querySelector('.found')?.remove();
      if (probability !== undefined)
        button?.append(element('span', { className: 'found', textContent: percent(probability) }));
    }
    $('examples').replaceChildren(...found.flatMap(({ example }) => buttons[example] ?? []));
  }

  $('search').addEventListener('submit', async (event) => {
    event.preventDefault();
    const search = ++searches;
    const text = field.value.trim();
    if (text === '') {
      show(buttons.map((_, example) => ({ example })));
      told.textContent = '';
      return;
    }
    told.textContent = 'Searching …';
    try {
      const response = await get(`search?${new URLSearchParams({ text })}`);
      const { found, error } = await response.json();
      if (search !== searches) return;
      told.textContent = error ?? `Best first: how probably “${text}” describes each.`;
      if (found) show(found);
    } catch {
      if (search === searches) told.textContent = 'The search failed: the program that serves this page has ended.';
    }
  });
}
