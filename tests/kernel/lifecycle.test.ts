// The kernel as a process: quick restarts, no kernel without its Jupyter, and a project that changes while it runs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../project-root';
import { makeProject } from './make-project';
import { printed, startKernel, type TestKernel } from './start-kernel';

const QUICK_SECONDS = 1;
const GONE_WITHIN_MS = 5000;

function addPackage(root: string, name: string, value: number): void {
  const folder = path.join(root, 'node_modules', name);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', main: 'index.js', types: 'index.d.ts' }),
  );
  fs.writeFileSync(path.join(folder, 'index.js'), `exports.value = ${value};\n`);
  fs.writeFileSync(path.join(folder, 'index.d.ts'), 'export const value: number;\n');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that ended but was not waited for still has its number.
  return process.platform !== 'linux' || !/^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

async function waitUntil(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + GONE_WITHIN_MS; !condition(); ) {
    assert.ok(Date.now() < end, `${what}: not within ${GONE_WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('life of the kernel', () => {
  let root = '';
  let kernel: TestKernel;
  beforeEach(async () => {
    root = makeProject();
    kernel = await startKernel(root);
  });
  afterEach(async () => {
    await kernel.stop();
    fs.rmSync(root, { recursive: true, force: true });
  });

  test('open servers, timers and an endless loop do not hold up a restart, which forgets everything', async () => {
    assert.equal(
      (
        await kernel.run(
          "const kept = 1;\nsetInterval(() => {}, 10);\nvoid require('node:http').createServer().listen(0);",
        )
      ).status,
      'ok',
    );
    const withServer = await kernel.restart();
    assert.ok(withServer < QUICK_SECONDS, `took ${withServer} s`);
    assert.match(printed(await kernel.run('kept'), 'error'), /Cannot find name 'kept'/);

    const loop = await kernel.run('setTimeout(() => { for (;;) {} }, 0);');
    assert.equal(loop.status, 'ok');
    const whileBusy = await kernel.restart();
    assert.ok(whileBusy < QUICK_SECONDS, `took ${whileBusy} s`);
    assert.equal(printed(await kernel.run('6 * 7')), '42\n');
  });

  test('it ends when its Jupyter is gone, even from an endless loop', async () => {
    await kernel.run('setTimeout(() => { for (;;) {} }, 0);');
    assert.ok(isAlive(kernel.pid));
    await kernel.abandon();
    await waitUntil(() => !isAlive(kernel.pid), 'the kernel ends');
  });

  test('files of lib and of node_modules may change, come and go while it runs', async () => {
    assert.equal(printed(await kernel.run("import { answer } from './lib'; answer")), '42\n');

    addPackage(root, 'added-later', 7);
    assert.equal(printed(await kernel.run("import { value } from 'added-later'; value")), '7\n');
    addPackage(root, 'added-later', 8);
    for (const name of ['one', 'two', 'three']) addPackage(root, name, 1);
    fs.rmSync(path.join(root, 'node_modules', 'two'), { recursive: true });
    assert.equal(printed(await kernel.run('value + answer')), '49\n');

    fs.writeFileSync(
      path.join(root, 'lib', 'index.ts'),
      "export * from './more';\nexport const answer: number = 43;\n",
    );
    fs.writeFileSync(path.join(root, 'lib', 'more.ts'), 'export const more = 1;\n');
    assert.equal(printed(await kernel.run('answer + 1')), '43\n'); // loaded code stays as it was loaded
    fs.rmSync(path.join(root, 'lib', 'more.ts'));
    assert.equal(printed(await kernel.run('6 * 7')), '42\n');

    await kernel.restart();
    fs.writeFileSync(path.join(root, 'lib', 'index.ts'), 'export const answer: number = 44;\n');
    assert.equal(printed(await kernel.run("import { answer } from './lib'; answer")), '44\n');
  });
});

test('a port that another program has taken: it ends with a message, and Jupyter can start another', async () => {
  const { kernelSpec } = await import(pathToFileURL(path.join(projectRoot(), 'scripts', 'setup.mjs')).href);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kernel-port-'));
  const taken = createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const listening = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const server = createServer();
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return server;
    }),
  );
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
  const free = listening.map(portOf);
  for (const server of listening) server.close();
  const names = ['shell_port', 'iopub_port', 'stdin_port', 'hb_port', 'control_port'];
  for (const busy of ['shell_port', 'control_port']) {
    const rest = [...free];
    const ports = Object.fromEntries(names.map((name) => [name, name === busy ? portOf(taken) : rest.pop()]));
    const file = path.join(folder, `${busy}.json`);
    const connection = { ip: '127.0.0.1', transport: 'tcp', key: 'key', signature_scheme: 'hmac-sha256', ...ports };
    fs.writeFileSync(file, JSON.stringify(connection));
    const [program, ...args] = kernelSpec(projectRoot()).argv.map((arg: string) =>
      arg === '{connection_file}' ? file : arg,
    );
    const kernel = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    kernel.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(kernel, 'close');
    assert.equal(code, 1, busy);
    assert.match(stderr, /The kernel cannot listen: .*in use/i);
  }
  taken.close();
  fs.rmSync(folder, { recursive: true });
});
