// A call of a public function that takes a callback or a signal, as the table of all of them has it.
import * as path from 'node:path';

/**
 * Callbacks and signals by the path of their option or argument, such as `generation.signal`. Their types differ:
 * `never` fits all.
 */
export type Given = Readonly<Record<string, never>>;

export interface CallbackCase {
  /** @param folder a new one for each call */
  readonly run: (given: Given, folder: string) => Promise<unknown>;
  /** For those that the call below does not call: why. */
  readonly silent?: Readonly<Record<string, string>>;
  /** Callbacks of calls that cannot wait: one that returns a promise is refused by name. */
  readonly immediate?: readonly string[];
}

export type CallbackCases = Readonly<Record<string, CallbackCase>>;

export async function exhaust(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Keeps what is downloaded inside the call's own folder. */
export function fromHub(folder: string): { readonly cache_dir: string } {
  return { cache_dir: path.join(folder, 'hub') };
}
