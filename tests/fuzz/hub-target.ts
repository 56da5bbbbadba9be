// Fuzz target: what a hub on this machine answers, damaged in its status line, its headers or its JSON.
import * as net from 'node:net';
import { parseJSON } from '../../lib/core/read-json';
import { fetchContent } from '../../lib/hub/fetch-content';
import { HubError } from '../../lib/hub';
import { mutateBytes } from './mutate-bytes';
import { mutateJSON } from './mutate-json';
import type { FuzzTarget } from './target';

const INFO =
  '{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"config.json"}],' +
  '"cardData":{"configs":[]}}';
const STATUS = [
  '200 OK',
  '200 OK',
  '200 OK',
  '206 Partial Content',
  '301 Moved',
  '401 Unauthorized',
  '404 Not Found',
  '429 Slow',
  '503 Busy',
  '999 ?',
];
const MAX_BYTES = 2 ** 20;

export const hubTarget: FuzzTarget = {
  name: 'hub',
  make(random) {
    const body = mutateJSON(INFO, random);
    const headers = [
      `HTTP/1.1 ${random.pick(STATUS)}`,
      'Content-Type: application/json',
      random.chance(0.2) ? `Content-Length: ${random.size(2 ** 40)}` : `Content-Length: ${body.length}`,
      ...(random.chance(0.1) ? [`Content-Encoding: ${random.pick(['gzip', 'br', 'x'])}`] : []),
      ...(random.chance(0.1) ? [`Retry-After: ${random.pick(['0', '-1', 'x', '1e9'])}`] : []),
      'Connection: close',
    ];
    const head = Buffer.from(`${headers.join('\r\n')}\r\n\r\n`);
    return { name: 'answer.http', bytes: Buffer.concat([random.chance(0.3) ? mutateBytes(head, random) : head, body]) };
  },
  async run({ bytes }) {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined); // the client may hang up first
      socket.once('data', () => socket.end(bytes));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new TypeError('no port');
      const url = `http://127.0.0.1:${address.port}/api/models/a/b`;
      const content = await fetchContent(url, { maxBytes: MAX_BYTES, attempts: 1, timeout_ms: 5000 });
      parseJSON(content.bytes.toString('utf8'), url, { error: HubError });
    } finally {
      server.close();
    }
  },
};
