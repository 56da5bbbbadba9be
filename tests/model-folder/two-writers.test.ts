// Several processes write models into one folder while others load it: each sees one model, never parts of two.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, it } from 'node:test';
import { verifyModelFolder } from '../../lib/model-folder';
import { projectRoot } from '../project-root';

const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'two-writers-')));
after(() => fs.rmSync(work, { recursive: true, force: true }));

const ROUNDS = 60;
const NAMES = [
  'blip_vision_model.bin',
  'blip_vision_model.xml',
  'blip_text_decoder.bin',
  'blip_text_decoder.xml',
  'config.json',
];

/** Writes a small model ROUNDS times: every file holds the writer's name and the round; every third lacks a part. */
const WRITER = `
const [, writer, folder] = process.argv;
const { stageModel } = require('./lib/model-folder/stage-model');
const fs = require('node:fs');
const path = require('node:path');
(async () => {
  for (let round = 0; round < ${ROUNDS}; round++) {
    const names = ${JSON.stringify(NAMES)}.filter((name) => round % 3 > 0 || !name.startsWith('blip_text_decoder'));
    const id = writer + ' ' + round;
    await stageModel(folder, async (staging) => {
      for (const name of names) fs.writeFileSync(path.join(staging, name), id);
    }, { origin: () => ({ made_by: 'convertBlip', checkpoint: { id }, versions: {}, options: {} }) });
  }
})();`;

/** Loads until it is told to stop, and prints what it saw of each load. */
const READER = `
const [, folder] = process.argv;
const { loadUnchanged } = require('./lib/model-folder/load-unchanged');
const fs = require('node:fs');
const path = require('node:path');
let stopped = false;
process.stdin.on('data', () => { stopped = true; process.stdin.destroy(); });
(async () => {
  while (!stopped) {
    const seen = await loadUnchanged(folder, async () => {
      const contents = [];
      for (const name of fs.readdirSync(folder).filter((each) => /^(blip_|config)/.test(each))) {
        const counts = !name.endsWith('json') || name === 'config.json';
        contents.push(counts ? fs.readFileSync(path.join(folder, name), 'utf8') : '');
        await new Promise(setImmediate);
      }
      return contents.filter((text) => text !== '');
    }).catch((error) => [error.name + ': ' + error.message]);
    console.log(JSON.stringify(seen));
  }
})();`;

function start(script: string, ...parameters: readonly string[]) {
  const tsx = path.join(projectRoot(), 'node_modules', 'tsx', 'dist', 'loader.mjs');
  const child = spawn(process.execPath, ['--import', tsx, '-e', script, ...parameters], {
    cwd: projectRoot(),
    env: { ...process.env, BLIP_CACHE: path.join(work, 'cache') },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, output })) };
}

it('writers take turns and readers see one model each time', { timeout: 300_000 }, async () => {
  const folder = path.join(work, 'model');
  const first = await start(WRITER.replace(String(ROUNDS), '2'), 'first', folder).ended;
  assert.equal(first.code, 0);
  const readers = [start(READER, folder), start(READER, folder)];
  const writers = await Promise.all(['ada', 'bob'].map((name) => start(WRITER, name, folder).ended));
  assert.deepEqual(
    writers.map(({ code }) => code),
    [0, 0],
  );
  for (const { child } of readers) child.stdin.end('stop');
  const seen = (await Promise.all(readers.map(({ ended }) => ended))).flatMap(({ output }) =>
    output.trim().split('\n'),
  );
  assert.ok(seen.length > 10, `${seen.length} loads`);
  const models = new Set<string>();
  for (const line of seen) {
    const contents: string[] = JSON.parse(line);
    assert.equal(new Set(contents).size, 1, line);
    const [, round] = /^(?:ada|bob|first) (\d+)$/.exec(contents[0]) ?? assert.fail(line);
    assert.equal(contents.length, Number(round) % 3 > 0 ? NAMES.length : 3, line);
    models.add(contents[0]);
  }
  assert.ok(models.size > 3, [...models].join());
  const { checkpoint } = await verifyModelFolder(folder);
  assert.match(checkpoint.id, new RegExp(`^(ada|bob) ${ROUNDS - 1}$`));
  assert.deepEqual(fs.readdirSync(folder).sort(), [...NAMES, 'blip_manifest.json'].sort());
});

it('a writer that was killed while it moved its model in is taken over from', { timeout: 120_000 }, async () => {
  const folder = path.join(work, 'killed');
  fs.mkdirSync(folder);
  const dead = start('setInterval(() => {}, 1000)');
  dead.child.kill('SIGKILL');
  await dead.ended;
  const lock = { pid: dead.child.pid, space: 'unknown', start: '1', id: 'x' };
  const { processSpace } = await import('../../lib/core/process-identity');
  fs.writeFileSync(path.join(folder, '.blip_folder.lock'), JSON.stringify({ ...lock, space: processSpace() }));
  assert.equal((await start(WRITER.replace(String(ROUNDS), '2'), 'heir', folder).ended).code, 0);
  assert.equal((await verifyModelFolder(folder)).checkpoint.id, 'heir 1');
});
