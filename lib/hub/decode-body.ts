// Decompresses a response body: some servers and mirrors compress small files although no compression was requested.
import { pipeline, type Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { HubError } from './hub-errors';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
};

/**
 * @param encodings the header Content-Encoding: names in the order in which they were applied
 * @throws {HubError} for a compression that is not known
 */
export function decodeBody(body: Readable, encodings: string): AsyncIterable<Uint8Array> {
  let decoded: Readable = body;
  for (const name of encodings.toLowerCase().split(',').reverse()) {
    const encoding = name.trim();
    if (encoding === '' || encoding === 'identity') continue;
    const decoder = DECODERS[encoding]?.();
    if (!decoder) {
      body.destroy();
      throw new HubError(
        `the response is compressed with "${encoding}", which was not requested; expected gzip, deflate, br or ` +
          'none. Is there a proxy in between?',
      );
    }
    decoded = pipeline(decoded, decoder, () => {}); // an error reaches the reader of the last stream
  }
  return decoded;
}
