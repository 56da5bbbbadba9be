// What happens to a request while it is answered, line by line: its place in the queue, the words so far, the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One JSON object in a line each. */
const LINES = 'application/x-ndjson';
/** The same as server-sent events, `data: {…}`: proxies, Jupyter's among them, pass these on as they come. */
const EVENTS = 'text/event-stream';

/**
 * @returns a function that sends one event; undefined when the client did not ask for events: it gets the answer alone
 * @example
 * const send = eventSender(request, response);
 * send?.({ place: 2 });
 */
export function eventSender(
  { headers: { accept = '' } }: IncomingMessage,
  response: ServerResponse,
): ((event: object) => void) | undefined {
  const type = [EVENTS, LINES].find((each) => accept.includes(each));
  if (type === undefined) return undefined;
  return (event) => {
    if (response.destroyed || response.writableEnded) return;
    if (!response.headersSent) response.writeHead(200, { 'content-type': type });
    const text = JSON.stringify(event);
    response.write(type === EVENTS ? `data: ${text}\n\n` : `${text}\n`);
  };
}
