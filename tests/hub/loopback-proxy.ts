// A proxy on this machine: plain http is asked of it, https goes through a tunnel. Any host whose name ends in .invalid
// is the hub.
import * as http from 'node:http';
import * as net from 'node:net';
import type { Rule } from './loopback-hub';

export interface ProxyTask {
  /** Called with each request. */
  note(request: http.IncomingMessage): void;
  /** What is to happen to it. */
  match(method: string, url: string): Rule | undefined;
  /** `user:password`, where it is asked for. */
  login(): string | undefined;
  hubPort(): number;
}

export function createProxy(task: ProxyTask): http.Server {
  const sockets = new Set<net.Socket>();
  const server = http.createServer((request, response) => forward(task, request, response));
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    for (const one of tunnel(task, request, socket)) {
      sockets.add(one);
      one.on('close', () => sockets.delete(one));
    }
  });
  const { close } = server;
  server.close = (done) => {
    for (const socket of sockets) socket.destroy(); // tunnels are no connections of the server any more
    return close.call(server, done);
  };
  return server;
}

function forward(task: ProxyTask, request: http.IncomingMessage, response: http.ServerResponse): void {
  task.note(request);
  const rule = task.match(request.method ?? '', request.url ?? '');
  if (rule?.silent) return;
  const refusal = refuse(task, request, rule);
  if (refusal !== undefined) {
    response.writeHead(refusal, { 'Proxy-Authenticate': 'Basic realm="proxy"' }).end('the proxy says no');
    return;
  }
  const { pathname, search, hostname, port } = new URL(request.url ?? '');
  const { 'proxy-authorization': _login, 'proxy-connection': _connection, ...headers } = request.headers;
  const onward = http.request({
    ...target(task, hostname, port),
    method: request.method,
    path: `${pathname}${search}`,
    headers,
    agent: false,
  });
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

function tunnel(task: ProxyTask, request: http.IncomingMessage, socket: net.Socket): net.Socket[] {
  task.note(request);
  socket.on('error', () => socket.destroy());
  const rule = task.match('CONNECT', request.url ?? '');
  if (rule?.silent) return [socket];
  const refusal = refuse(task, request, rule);
  if (refusal !== undefined) {
    socket.end(`HTTP/1.1 ${refusal} No\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n`);
    return [socket];
  }
  const [hostname, port] = (request.url ?? '').split(':');
  const onward = net.connect(target(task, hostname, port), () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    onward.pipe(socket);
    socket.pipe(onward);
  });
  onward.on('close', () => socket.destroy());
  onward.on('error', () => socket.destroy());
  socket.on('close', () => onward.destroy());
  return [socket, onward];
}

function target(task: ProxyTask, hostname: string, port: string): { host: string; port: number } {
  return hostname.endsWith('.invalid')
    ? { host: '127.0.0.1', port: task.hubPort() }
    : { host: hostname, port: Number(port) };
}

function refuse(task: ProxyTask, request: http.IncomingMessage, rule: Rule | undefined): number | undefined {
  if (rule?.status !== undefined) return rule.status;
  const login = task.login();
  const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  return expected !== undefined && request.headers['proxy-authorization'] !== expected ? 407 : undefined;
}
