// Downloads through proxies: https through a tunnel, certificates, SOCKS, and what is said when the proxy does not play
// along.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { downloadSnapshot, fetchContent, ProxyError, UnreachableError } from '../../lib/hub';
import { COMMIT, ID, LoopbackHub, type HubContent, type Rule } from './loopback-hub';
import { scenarioEnvironment, withEnvironment } from './run-scenario';
import { CONTENT, FILES, WEIGHTS } from './scenarios';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'hub');
const CERTIFICATE = path.join(FIXTURES, 'certificate.pem');
const WANTED = { files: FILES, weights: WEIGHTS.map((name) => ({ name })) };
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'hub-proxy-'));
let hub: LoopbackHub;
let secure: LoopbackHub;

before(async () => {
  hub = await LoopbackHub.start();
  secure = await LoopbackHub.start({
    cert: fs.readFileSync(CERTIFICATE),
    key: fs.readFileSync(path.join(FIXTURES, 'key.pem')),
  });
});
after(async () => {
  await hub.stop();
  await secure.stop();
  fs.rmSync(work, { recursive: true, force: true });
});

async function load(
  server: LoopbackHub,
  env: Record<string, string>,
  content: Partial<HubContent> = {},
): Promise<void> {
  server.content = { ...CONTENT, ...content };
  const cache_dir = fs.mkdtempSync(path.join(work, 'cache-'));
  const environment = scenarioEnvironment(server, { name: '', env }, work);
  const folder = await withEnvironment(environment, () => downloadSnapshot(ID, WANTED, { cache_dir }));
  assert.deepEqual(fs.readFileSync(path.join(folder, 'model.safetensors')), CONTENT.files['model.safetensors']);
}
const asked = (server: LoopbackHub): Set<string> =>
  new Set(
    server.log.filter(({ host }) => host === 'proxy').map(({ method, url }) => `${method} ${url.replace(/\?.*/, '')}`),
  );

describe('https', () => {
  const env = {
    HF_ENDPOINT: 'https://hub.invalid',
    HTTPS_PROXY: '{proxy}',
    NO_PROXY: 'localhost',
    SSL_CERT_FILE: CERTIFICATE,
  };

  it('goes through a tunnel; SSL_CERT_FILE adds to the certificates', async () => {
    await load(secure, env);
    assert.deepEqual(asked(secure), new Set(['CONNECT hub.invalid:443']));
    assert.ok(
      secure.log.some(({ host }) => host === 'content'),
      'which NO_PROXY exempts',
    );
  });

  it('certificates from a folder or a bundle, under the names that other programs give them', async () => {
    const folder = fs.mkdtempSync(path.join(work, 'certificates-'));
    fs.copyFileSync(CERTIFICATE, path.join(folder, '0a1b2c3d.0'));
    fs.writeFileSync(path.join(folder, 'README'), 'no certificate');
    fs.symlinkSync('nowhere', path.join(folder, 'dangling.pem'));
    const several = ['/no/such/folder', folder].join(path.delimiter);
    const good: Record<string, string>[] = [
      { SSL_CERT_DIR: folder },
      { SSL_CERT_DIR: several },
      { REQUESTS_CA_BUNDLE: CERTIFICATE },
      { REQUESTS_CA_BUNDLE: folder },
      { CURL_CA_BUNDLE: CERTIFICATE },
    ];
    for (const named of good) await load(secure, { ...env, SSL_CERT_FILE: '', ...named });
    const der = path.join(work, 'company.cer');
    fs.writeFileSync(der, Buffer.from('308203', 'hex'));
    const empty = fs.mkdtempSync(path.join(work, 'empty-'));
    const bad: [named: Record<string, string>, message: RegExp][] = [
      [{ SSL_CERT_FILE: der, SSL_CERT_DIR: folder }, /SSL_CERT_FILE.*company\.cer.*no certificate in PEM/],
      [{ SSL_CERT_DIR: empty }, /SSL_CERT_DIR.*empty-.*without certificates/],
      [{ REQUESTS_CA_BUNDLE: '/no/such/bundle' }, /REQUESTS_CA_BUNDLE.*\/no\/such\/bundle.*cannot be read/],
      [{ CURL_CA_BUNDLE: os.devNull }, /CURL_CA_BUNDLE.*a device/],
    ];
    for (const [named, message] of bad)
      await assert.rejects(load(secure, { ...env, SSL_CERT_FILE: '', ...named }), message);
  });

  it('a user name and a password, percent-encoded, or a user name alone', async () => {
    await load(secure, { ...env, HTTPS_PROXY: '{proxy=me:p%40ss%3a}' }, { proxyLogin: 'me:p@ss:' });
    await load(secure, { ...env, HTTPS_PROXY: '{proxy=token}' }, { proxyLogin: 'token:' });
    await load(secure, { ...env, HTTPS_PROXY: '{proxy=me:50%zz}' }, { proxyLogin: 'me:50%zz' });
  });

  it('the token does not reach the proxy', async () => {
    await load(secure, { ...env, HF_TOKEN: 'hf_secret' }, { token: 'hf_secret' });
    assert.ok(secure.log.filter(({ host }) => host === 'proxy').every(({ token }) => token === undefined));
  });

  it('a certificate that is not trusted: what a company has to do; asked once', async () => {
    const own = { ...env, SSL_CERT_FILE: '', HTTPS_PROXY: '', HF_ENDPOINT: '{hub}' };
    await assert.rejects(
      load(secure, own),
      (error: unknown) =>
        error instanceof UnreachableError && /certificate is not trusted.*NODE_EXTRA_CA_CERTS/.test(error.message),
    );
    await assert.rejects(
      load(secure, { ...own, SSL_CERT_FILE: '/no/such/file' }),
      /SSL_CERT_FILE.*\/no\/such\/file.*cannot be read/,
    );
  });

  it('NODE_EXTRA_CA_CERTS, with which Node was started, is heeded: directly and through the tunnel', async () => {
    const ways: Record<string, string>[] = [
      { HF_ENDPOINT: '{hub}' },
      { HF_ENDPOINT: 'https://hub.invalid', HTTPS_PROXY: '{proxy}', NO_PROXY: 'localhost' },
    ];
    for (const through of ways) {
      secure.content = CONTENT;
      const environment = { ...process.env, ...scenarioEnvironment(secure, { name: '', env: through }, work) };
      const cache_dir = fs.mkdtempSync(path.join(work, 'cache-'));
      const code = `
        const { downloadSnapshot } = require(${JSON.stringify(path.join(__dirname, '..', '..', 'lib', 'hub'))});
        const options = ${JSON.stringify({ cache_dir })};
        downloadSnapshot(${JSON.stringify(ID)}, ${JSON.stringify(WANTED)}, options).then(console.log);`;
      const child = spawn(process.execPath, ['--import', 'tsx', '-e', code], {
        env: { ...environment, NODE_EXTRA_CA_CERTS: CERTIFICATE },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      const status = await new Promise((resolve) => child.on('close', resolve));
      assert.equal(status, 0);
      assert.equal(path.basename(output.trim()), COMMIT);
    }
  });
});

describe('plain http', () => {
  const env = { HF_ENDPOINT: 'http://hub.invalid', HTTP_PROXY: '{proxy}', NO_PROXY: 'localhost' };

  it('is asked of the proxy itself: many refuse a tunnel for it', async () => {
    await load(hub, env);
    const requests = asked(hub);
    assert.ok(requests.has(`HEAD http://hub.invalid/${ID}/resolve/main/config.json`), [...requests].join());
    assert.ok([...requests].every((request) => !request.startsWith('CONNECT')));
  });

  it('the content behind an address of the web, too', async () => {
    hub.content = CONTENT;
    const url = `http://pictures.invalid/${ID}/resolve/main/config.json`;
    const environment = scenarioEnvironment(hub, { name: '', env }, work);
    const { bytes } = await withEnvironment(environment, () => fetchContent(url, { maxBytes: 1000 }));
    assert.deepEqual(bytes, CONTENT.files['config.json']);
  });
});

describe('a proxy that refuses', () => {
  const plain = { HF_ENDPOINT: 'http://hub.invalid', HTTP_PROXY: '{proxy}' };
  const tunnel = { HF_ENDPOINT: 'https://hub.invalid', HTTPS_PROXY: '{proxy}' };
  const refuse = (status: number): { rules: Rule[] } => ({ rules: [{ host: 'proxy', status }] });
  for (const [what, env, variable] of [
    ['http', plain, 'HTTP_PROXY'],
    ['https', tunnel, 'HTTPS_PROXY'],
  ] as const) {
    it(`${what}: 407 says that a login is wanted, or wrong, and never the password`, async () => {
      await assert.rejects(load(hub, env, { proxyLogin: 'me:right' }), (error: unknown) => {
        assert.ok(error instanceof ProxyError, String(error));
        assert.match(
          error.message,
          new RegExp(`the proxy http://127\\.0\\.0\\.1:\\d+ \\(${variable}\\) answered 407 .*hub\\.invalid`),
        );
        assert.match(
          error.message,
          new RegExp(`requires a user name and password: set ${variable}=http://user:password@127`),
        );
        return true;
      });
      assert.equal(hub.log.length, 1, 'asked once');
      const wrong = { ...env, [variable]: '{proxy=me:wrong}' };
      await assert.rejects(
        load(hub, wrong, { proxyLogin: 'me:right' }),
        (error: unknown) =>
          error instanceof ProxyError &&
          /does not accept the user name and password given/.test(error.message) &&
          !/wrong/.test(error.message),
      );
    });

    it(`${what}: not there`, async () => {
      const { port, close } = await closedPort();
      await close();
      await assert.rejects(
        load(hub, { ...env, [variable]: `http://127.0.0.1:${port}` }),
        (error: unknown) =>
          error instanceof UnreachableError &&
          new RegExp(`the proxy http://127\\.0\\.0\\.1:${port} \\(${variable}\\) cannot be reached.*NO_PROXY`).test(
            error.message,
          ),
      );
    });
  }

  it('https: 403 says that the host is not let through', async () => {
    await assert.rejects(
      load(hub, tunnel, refuse(403)),
      /\(HTTPS_PROXY\) answered 403 .*blocks this host.*NO_PROXY=hub\.invalid/,
    );
    assert.equal(hub.log.length, 1);
  });

  it('https: 502 is tried again', async () => {
    await load(
      secure,
      { ...tunnel, SSL_CERT_FILE: CERTIFICATE, NO_PROXY: 'localhost' },
      { rules: [{ host: 'proxy', times: 2, status: 502 }] },
    );
  });

  it('a cached copy does not hide it, as in huggingface_hub', async () => {
    const cache_dir = fs.mkdtempSync(path.join(work, 'cache-'));
    const run = (env: Record<string, string>): Promise<string> =>
      withEnvironment(scenarioEnvironment(hub, { name: '', env }, work), () =>
        downloadSnapshot(ID, WANTED, { cache_dir }),
      );
    hub.content = CONTENT;
    await run({});
    hub.content = { ...CONTENT, proxyLogin: 'me:right' };
    await assert.rejects(run(plain), ProxyError);
  });
});

describe('SOCKS', () => {
  for (const [scheme, login, sent] of [
    ['socks5', '', undefined],
    ['socks5h', '', undefined],
    ['socks5', 'me:p%40ss%3A@', 'me:p@ss:'],
    ['socks5h', 'm%C3%A9:50%@', 'mé:50%'],
  ] as const)
    it(`${scheme}://${login} names are looked up by the proxy; a login is decoded`, async () => {
      const seen: SocksRequests = { names: [], logins: [] };
      const socks = await startSocks(seen, login !== '', () => Number(new URL(hub.address('hub')).port));
      try {
        await load(hub, {
          HF_ENDPOINT: 'http://hub.invalid',
          ALL_PROXY: `${scheme}://${login}127.0.0.1:${socks.port}`,
          NO_PROXY: 'localhost',
        });
      } finally {
        socks.server.close();
      }
      assert.deepEqual([...new Set(seen.names)], ['hub.invalid']);
      assert.deepEqual([...new Set(seen.logins)], sent === undefined ? [] : [sent]);
    });
});

async function closedPort(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

interface SocksRequests {
  readonly names: string[];
  readonly logins: string[];
}

/** RFC 1928 for host names, and RFC 1929 for logins; every name is the hub. */
async function startSocks(
  seen: SocksRequests,
  wantsLogin: boolean,
  hubPort: () => number,
): Promise<{ server: net.Server; port: number }> {
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    const steps = [
      (_data: Buffer): unknown => socket.write(Buffer.from([5, wantsLogin ? 2 : 0])),
      ...(wantsLogin ? [takeLogin] : []),
      connect,
    ];
    const onData = (data: Buffer): void => void steps.shift()?.(data);
    function takeLogin(data: Buffer): void {
      const name = data.subarray(2, 2 + data[1]);
      const password = data.subarray(3 + data[1], 3 + data[1] + data[2 + data[1]]);
      seen.logins.push(`${name.toString()}:${password.toString()}`);
      socket.write(Buffer.from([1, 0]));
    }
    function connect(data: Buffer): void {
      socket.off('data', onData);
      seen.names.push(data[3] === 3 ? data.subarray(5, 5 + data[4]).toString() : `address type ${data[3]}`);
      const onward = net.connect(hubPort(), '127.0.0.1', () => {
        socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]));
        onward.pipe(socket);
        socket.pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('close', () => onward.destroy());
    }
    socket.on('data', onData);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0 };
}
