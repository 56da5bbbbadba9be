// The start command before its notebooks: a model that is not there, a hub that does not answer, an interrupt while it
// is asked.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../project-root';

describe('npm start', () => {
  let folder = '';
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'start-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const start = (env: NodeJS.ProcessEnv): ChildProcess =>
    spawn(process.execPath, [path.join(projectRoot(), 'scripts/start.mjs')], {
      cwd: os.tmpdir(), // it finds its project by itself
      env: { ...process.env, BLIP_OUTPUT: path.join(folder, 'output'), HF_HOME: path.join(folder, 'hf'), ...env },
    });

  async function finish(child: ChildProcess): Promise<{ code: number | null; text: string }> {
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        text += chunk;
      });
    const [code] = await once(child, 'close');
    return { code, text };
  }

  for (const [what, env, message] of [
    [
      'a folder that is not there',
      { BLIP_MODEL: 'models/blip-scnes' },
      /no such folder.*Did you mean models.blip-scenes/,
    ],
    [
      'a contradiction',
      { BLIP_MODEL: 'models/blip-scenes', BLIP_REVISION: 'v1' },
      /BLIP_REVISION is "v1".*is a folder/,
    ],
    ['offline', { BLIP_MODEL: 'owner/model', HF_HUB_OFFLINE: '1' }, /HF_HUB_OFFLINE/],
  ] as const)
    test(`${what}: one message, and the results of an earlier run stay`, async () => {
      const results = path.join(folder, 'output', 'results', 'convert.json');
      fs.mkdirSync(path.dirname(results), { recursive: true });
      fs.writeFileSync(results, '{}');
      const { code, text } = await finish(start(env));
      assert.equal(code, 1, text);
      assert.match(text, message);
      assert.doesNotMatch(text, /\n +at /);
      assert.ok(fs.existsSync(results));
    });

  test('interrupted while the hub is asked', { skip: process.platform === 'win32' }, async () => {
    const asked = new Promise<void>((resolve) => {
      server.on('request', () => resolve()); // and never answers
    });
    const { port } = server.address() as AddressInfo;
    const child = start({ BLIP_MODEL: 'owner/model', HF_ENDPOINT: `http://127.0.0.1:${port}` });
    const finished = finish(child);
    await asked;
    child.kill('SIGINT');
    assert.equal((await finished).code, 130);
  });
  const server = createServer();
  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
});
