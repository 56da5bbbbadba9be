// Random access to a file's bytes, on disk or behind an HTTP server that answers range requests: what a parquet reader needs.
import * as fs from 'node:fs';
import { BlipError } from '../errors';

export class ByteSourceError extends BlipError {}

/** hyparquet's AsyncBuffer. */
export interface ByteSource { readonly byteLength: number; slice(start: number, end?: number): Promise<ArrayBuffer> }

/** A server that fails this often in a row is down. */
const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 300;

/** @param file a path, or an http(s) address; `HF_TOKEN` is sent to the hub (HF_ENDPOINT) alone. */
export async function openByteSource(file: string, signal?: AbortSignal): Promise<ByteSource> {
  return /^https?:\/\//.test(file) ? openUrl(file, signal) : openFile(file);
}

async function openFile(file: string): Promise<ByteSource> {
  if (!fs.existsSync(file)) throw new ByteSourceError(`${file} is missing: expected a parquet file.`);
  const { size } = await fs.promises.stat(file);
  return {
    byteLength: size,
    async slice(start, end = size) {
      const handle = await fs.promises.open(file);
      try {
        const bytes = new Uint8Array(end - start);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
        if (bytesRead !== bytes.length) throw new ByteSourceError(`${file}: got ${bytesRead} bytes at ${start}, expected ${bytes.length}: the file is cut short.`);
        return bytes.buffer;
      } finally {
        await handle.close();
      }
    },
  };
}

async function openUrl(url: string, signal?: AbortSignal): Promise<ByteSource> {
  const { total } = await fetchRange(url, 0, 1, signal);
  return { byteLength: total, slice: async (start, end = total) => (await fetchRange(url, start, end, signal)).bytes };
}

async function fetchRange(url: string, start: number, end: number, signal?: AbortSignal): Promise<{ bytes: ArrayBuffer; total: number }> {
  const response = await fetchWithRetry(url, { headers: { Range: `bytes=${start}-${end - 1}` }, signal });
  const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]);
  if (response.status !== 206 || !Number.isSafeInteger(total)) {
    await response.body?.cancel();
    throw new ByteSourceError(`${url}: got status ${response.status} to a range request, expected 206 with a Content-Range. Download the file and name its path instead.`);
  }
  const bytes = await response.arrayBuffer();
  if (bytes.byteLength !== end - start) throw new ByteSourceError(`${url}: got ${bytes.byteLength} bytes at ${start}, expected ${end - start}.`);
  return { bytes, total };
}

/** Fetches, trying again on 5xx, 429 and broken connections. @throws {ByteSourceError} with the status, for anything else */
export async function fetchWithRetry(url: string, init: { headers?: Record<string, string>; signal?: AbortSignal } = {}): Promise<Response> {
  const headers = { ...init.headers, ...authorization(url) };
  for (let attempt = 1; ; attempt++) {
    let problem: string;
    try {
      const response = await fetch(url, { ...init, headers });
      if (response.ok) return response;
      await response.body?.cancel();
      problem = `status ${response.status}`;
      if (response.status < 500 && response.status !== 429) throw new ByteSourceError(`${url}: got ${problem}.${response.status === 401 || response.status === 403 ? ' Set HF_TOKEN to a token that may read it.' : ' Check the id, config and split.'}`);
    } catch (error) {
      if (error instanceof ByteSourceError || init.signal?.aborted) throw error;
      problem = error instanceof Error ? `${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ''}` : String(error);
    }
    if (attempt === MAX_ATTEMPTS) throw new ByteSourceError(`${url}: ${problem}, ${MAX_ATTEMPTS} times in a row. Try again later: samples that are cached stay.`);
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  }
}

/** The hub's address. */
export function hubEndpoint(): string { return (process.env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, ''); }

function authorization(url: string): Record<string, string> {
  const token = process.env.HF_TOKEN;
  return token && new URL(url).origin === new URL(hubEndpoint()).origin ? { Authorization: `Bearer ${token}` } : {};
}
