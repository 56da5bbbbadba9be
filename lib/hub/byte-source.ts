// Random access to a file's bytes, on disk or behind an HTTP server that answers range requests: what a parquet reader needs.
import * as fs from 'node:fs';
import { ByteSourceError, download, type RequestOptions } from './http-request';

/** hyparquet's AsyncBuffer. */
export interface ByteSource {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** @param file a path, or an http(s) address; `HF_TOKEN` is sent to the hub (HF_ENDPOINT) alone. */
export async function openByteSource(file: string, options: RequestOptions = {}): Promise<ByteSource> {
  return isUrl(file) ? openUrl(file, options) : openFile(file);
}

export function isUrl(file: string): boolean {
  return /^https?:\/\//.test(file);
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
        let done = 0;
        while (done < bytes.length) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
          if (bytesRead === 0)
            throw new ByteSourceError(
              `${file}: got ${done} bytes at ${start}, expected ${bytes.length}: the file is cut short. Download it again.`,
            );
          done += bytesRead;
        }
        return bytes.buffer;
      } finally {
        await handle.close();
      }
    },
  };
}

/** What the first answer says about the file; later ones must say the same. */
interface Identity {
  readonly total: number;
  readonly etag: string | null;
}

async function openUrl(url: string, options: RequestOptions): Promise<ByteSource> {
  let identity: Identity | undefined;
  const read = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(end - start);
    let done = 0;
    await download(
      url,
      options,
      () => (done < bytes.length ? { Range: `bytes=${start + done}-${end - 1}` } : undefined),
      (response) => {
        const answered = checkRange(url, response, start + done);
        identity ??= answered;
        if (answered.total !== identity.total || answered.etag !== identity.etag)
          throw new ByteSourceError(
            `${url}: changed while it was read: ${answered.total} bytes, etag ${answered.etag}; before ${identity.total}, ${identity.etag}. Load again.`,
          );
      },
      (chunk) => {
        if (done + chunk.length > bytes.length)
          throw new ByteSourceError(
            `${url}: got more than the ${bytes.length} bytes at ${start} that were asked for. Download the file and name its path instead.`,
          );
        bytes.set(chunk, done);
        done += chunk.length;
      },
    );
    return bytes.buffer;
  };
  await read(0, 1);
  const byteLength = identity?.total ?? 0;
  return { byteLength, slice: (start, end = byteLength) => read(start, end) };
}

function checkRange(url: string, { status, headers }: Response, start: number): Identity {
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status !== 206 || Number(first) !== start)
    throw new ByteSourceError(
      `${url}: got status ${status}, ${headers.get('content-type') ?? 'no content type'}, Content-Range "${headers.get('content-range') ?? ''}" to a request for the bytes from ${start}; expected 206 and that range. Download the file and name its path instead.`,
    );
  return { total: Number(total), etag: headers.get('etag') };
}
