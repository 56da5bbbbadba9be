// Requests to the server that sent this page: relative addresses, so that it works behind a proxy, and its token.

/**
 * What the server says while it answers, and at the end.
 * @typedef {{ place?: number, text?: string, error?: string, status?: number }} Progress
 */

const parameters = new URLSearchParams(location.search);
/** In the address, behind `?` or behind `#`. */
export const token = parameters.get('token') ?? new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
const headers = { 'X-Demo-Token': token };

/** @param {string} name */
export const get = (name) => fetch(name, { headers });

/**
 * Sends an image and a question.
 *
 * @param {Blob} image
 * @param {string[][]} wishes names and values of the address's query
 * @param {{ signal: AbortSignal, onProgress: (progress: Progress) => void }} options
 * @returns {Promise<any>} the answer, or `{ error }`
 */
export async function ask(image, wishes, { signal, onProgress }) {
  const response = await fetch(`answer?${new URLSearchParams(wishes)}`, {
    method: 'POST',
    body: image,
    headers: { ...headers, Accept: 'text/event-stream' },
    signal,
  });
  if (!response.body || !(response.headers.get('content-type') ?? '').startsWith('text/event-stream'))
    return readError(response);
  let [rest, last] = ['', /** @type {any} */ (undefined)];
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      last = JSON.parse(event.replace(/^data: /, ''));
      if (last.kind === undefined && last.error === undefined) onProgress(last);
    }
  }
  if (last?.kind === undefined && last?.error === undefined)
    return { error: 'The answer broke off: the program that serves this page has ended, or the connection did.' };
  return last;
}

/** @param {Response} response */
async function readError(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { error: `The server answered ${response.status}. A proxy in between may not let the page through.` };
  }
}
