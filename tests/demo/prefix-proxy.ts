// A reverse proxy as Jupyter's: `/user/ann/proxy/PORT/x` goes to `/x`, or with its path, of a server on this machine.
// The Host header stays the browser's.
import * as http from 'node:http';

const PREFIX = /^\/user\/ann\/proxy\/(\d+)(\/.*)$/;

/** @param keepsPrefix whether the path in front is passed on, as with `proxy/absolute` */
export async function startPrefixProxy(keepsPrefix: boolean): Promise<{ port: number; close: () => Promise<void> }> {
  const server = http.createServer((request, response) => {
    const [, port, rest] = PREFIX.exec(request.url ?? '') ?? [];
    if (port === undefined) return response.writeHead(404).end();
    const target = { host: '127.0.0.1', port, path: keepsPrefix ? request.url : rest };
    const forwarded = http.request({ ...target, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
