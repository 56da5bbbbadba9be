// The body of a request, within limits: of one image, and of all that are held at the same time.
import type { IncomingMessage } from 'node:http';
import { DemoBusyError } from './errors';

/** Bytes of request bodies that the server holds, together. */
export class BodyBudget {
  #held = 0;

  /** @param limit in bytes */
  constructor(readonly limit: number) {}

  /** @throws {DemoBusyError} when it would be too much */
  take(bytes: number): void {
    if (this.#held + bytes > this.limit)
      throw new DemoBusyError('The server holds as many images as it can. Try again in a moment.');
    this.#held += bytes;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}

/**
 * Reads a body, and hands it to `use`; its bytes count in the budget until `use` has ended.
 *
 * @param maxBytes a longer body is not read to its end
 * @returns undefined when it is longer
 * @throws {DemoBusyError} when the budget is used up
 */
export async function withBody<T>(
  request: IncomingMessage,
  { budget, maxBytes }: { readonly budget: BodyBudget; readonly maxBytes: number },
  use: (body: Buffer) => Promise<T>,
): Promise<T | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      if (!(chunk instanceof Buffer)) continue;
      if (size + chunk.length > maxBytes) return undefined;
      budget.take(chunk.length);
      size += chunk.length;
      chunks.push(chunk);
    }
    return await use(Buffer.concat(chunks));
  } finally {
    budget.release(size);
  }
}
