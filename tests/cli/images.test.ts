// caption and ask on the bundled model: where images come from, what is printed where, exit statuses.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../lib/cli/commands';
import { runCli, startCli, temporaryFolder } from './run-cli';

const MODEL = path.resolve('models', 'blip-scenes');
const DEMO = path.resolve('data', 'pictures', 'demo.jpg');
const CAPTION = 'two gray dogs playing with two green balls on the beach';
const work = temporaryFolder();
const env = { BLIP_CACHE: path.join(work, 'cache'), BLIP_MODEL: MODEL };

/** photos/1.jpg, 2.jpg, 10.jpg, one of them with brackets, and a text file. */
const photos = path.join(work, 'photos');
fs.mkdirSync(path.join(photos, 'more.jpg'), { recursive: true });
for (const name of ['1.jpg', '10.jpg', '2.JPG']) fs.copyFileSync(DEMO, path.join(photos, name));
fs.writeFileSync(path.join(photos, 'notes.txt'), 'no image');
fs.copyFileSync(DEMO, path.join(work, 'a[1].jpg'));
fs.writeFileSync(path.join(work, 'broken.jpg'), fs.readFileSync(DEMO).subarray(0, 400));
fs.mkdirSync(path.join(work, 'empty'));

/** As a shell splits it. */
function split(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
}

describe('the examples in the help print what they say', () => {
  for (const { examples, name } of COMMANDS.filter((each) => ['caption', 'ask'].includes(each.name)))
    for (const { command, output } of examples)
      it(name, async () => {
        const { status, stdout } = await runCli(split(command), { env });
        assert.deepEqual([status, stdout], [0, `${output}\n`]);
      });
});

describe('images', () => {
  it('from a folder: its images in natural order, each line with its path', async () => {
    const { status, stdout } = await runCli(['caption', '--output', '-', 'photos'], { env, cwd: work });
    const expected = ['1.jpg', '2.JPG', '10.jpg'].map((name) => `${path.join('photos', name)}\t${CAPTION}\n`);
    assert.deepEqual([status, stdout], [0, expected.join('')]);
  });

  it('from a pattern that no shell expanded, and a path that only looks like one', async () => {
    const { status, stdout } = await runCli(['caption', '--json', 'photos/1*.jpg', 'a[1].jpg'], { env, cwd: work });
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(status, 0);
    assert.deepEqual(
      rows.map(({ score, ...row }) => ({ ...row, ...(score > 0.5 && score <= 1 ? {} : { score }) })),
      ['photos/1.jpg', 'photos/10.jpg', 'a[1].jpg'].map((image) => ({ image, caption: CAPTION })),
    );
  });

  it('from standard input: the bytes of one, or a list of paths', async () => {
    const [bytes, list] = await Promise.all([
      runCli(['caption', '-'], { env, input: fs.readFileSync(DEMO) }),
      runCli(['caption', '--files-from', '-'], { env, cwd: work, input: `photos/1.jpg\r\n\n${DEMO}` }),
    ]);
    assert.deepEqual([bytes.status, bytes.stdout], [0, `${CAPTION}\n`]);
    assert.deepEqual([list.status, list.stdout], [0, `photos/1.jpg\t${CAPTION}\n${DEMO}\t${CAPTION}\n`]);
  });

  it('from an address', async () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/demo.jpg') response.end(fs.readFileSync(DEMO));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    const base = `http://127.0.0.1:${address.port}`;
    const { status, stdout, stderr } = await runCli(['caption', `${base}/demo.jpg`, `${base}/none.jpg`], {
      env: { ...env, NO_PROXY: '127.0.0.1' },
    });
    server.closeAllConnections();
    server.close();
    assert.deepEqual([status, stdout], [1, `${base}/demo.jpg\t${CAPTION}\n`]);
    assert.match(stderr, /none\.jpg.*404/);
  });

  it('that cannot be used are skipped with their reason, and the status is 1', async () => {
    const args = ['caption', 'broken.jpg', 'gone.jpg', 'photos/notes.txt', 'empty', 'x*.jpg', 'photos/1.jpg'];
    const { status, stdout, stderr } = await runCli(args, { env, cwd: work });
    assert.deepEqual([status, stdout], [1, `photos/1.jpg\t${CAPTION}\n`]);
    for (const said of [
      /broken\.jpg/,
      /gone\.jpg.*no such file/,
      /notes\.txt.*text file/,
      /empty.*no images/,
      /x\*\.jpg.*no image matches/,
    ])
      assert.match(stderr, said);
    assert.match(stderr, /1 image done, 5 skipped/);
  });

  it('a single one that cannot be used: nothing on stdout', async () => {
    const { status, stdout, stderr } = await runCli(['ask', '--question', 'what?', 'gone.jpg'], { env, cwd: work });
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /gone\.jpg/);
  });

  it('whose name holds escape sequences are printed without them', { skip: process.platform === 'win32' }, async () => {
    const name = 'a\u001b[31m\n.jpg';
    fs.copyFileSync(DEMO, path.join(work, name));
    const { stdout } = await runCli(['caption', name, DEMO], { env, cwd: work });
    assert.equal(stdout.split('\n')[0], `a\\u001b[31m\\u000a.jpg\t${CAPTION}`);
    const { stderr } = await runCli(['caption', 'gone\u001b[31m.jpg'], { env, cwd: work });
    assert.match(stderr, /gone\\u001b\[31m\.jpg/);
  });
});

describe('questions', () => {
  it('each in a column of its own, --json as one object a line', async () => {
    const args = ['ask', '--question', 'how many dogs are there?', '--question', 'is it day or night?', DEMO];
    const [text, json] = await Promise.all([runCli(args, { env }), runCli([...args, '--json'], { env })]);
    assert.equal(text.stdout, 'how many dogs are there?\t2\nis it day or night?\tday\n');
    assert.deepEqual(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ score, ...row }) => ({ ...row, ...(score > 0.5 && score <= 1 ? {} : { score }) })),
      [
        { image: DEMO, question: 'how many dogs are there?', answer: '2' },
        { image: DEMO, question: 'is it day or night?', answer: 'day' },
      ],
    );
  });

  it('options of generation reach the model', async () => {
    const { stdout } = await runCli(['caption', '--max-new-tokens', '3', '--prompt', 'two gray', DEMO], { env });
    assert.equal(stdout, 'two gray dogs playing with\n');
  });
});

describe('errors', () => {
  const oneLine = async (args: readonly string[], more: Record<string, string>): Promise<string> => {
    const { status, stdout, stderr } = await runCli(args, { env: { ...env, ...more } });
    assert.deepEqual([status, stdout], [1, '']);
    return stderr;
  };

  it('of the library: one line, no stack; with BLIP_DEBUG the stack', async () => {
    const args = ['caption', '--model', 'models/blip-scnes', DEMO];
    const said = await oneLine(args, {});
    assert.match(said, /^blip-openvino: models\/blip-scnes: no such folder.*Did you mean models.blip-scenes\?\n$/);
    assert.match(await oneLine(args, { BLIP_DEBUG: '1' }), /\n {4}at /);
  });

  it('a task that the checkpoint was not made for', async () => {
    assert.match(await oneLine(['match', '--text', 'a dog', DEMO], {}), /image-text-matching.*blip-itm-base-coco/);
  });
});

describe('a reader that goes away, and Ctrl-C', { skip: process.platform === 'win32' }, () => {
  it('a full disk behind stdout is told without a stack', { skip: !fs.existsSync('/dev/full') }, () => {
    const args = ['--import', 'tsx', 'lib/cli/main.ts', 'caption', '--model', 'models/blip-scenes', DEMO];
    const full = fs.openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    fs.closeSync(full);
    assert.equal(status, 1);
    assert.match(stderr, /standard output cannot be written: .*ENOSPC/);
    assert.ok(!stderr.includes('    at '), stderr);
  });

  it('is no error: `| head -1`', async () => {
    const child = startCli(['caption', '--output', '-', 'photos', 'photos', 'photos'], { env, cwd: work });
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.stdout?.once('data', () => child.stdout?.destroy());
    const status = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(status, 0);
    assert.doesNotMatch(stderr, /EPIPE|Error/);
  });

  it('ends with status 130 and leaves nothing half made', async () => {
    const output = path.join(work, 'int8');
    const args = ['quantize', '--dataset', path.resolve('data', 'vqa-scenes'), '--output', output];
    const { status, stdout } = await runCli(args, {
      env,
      onStart: (child) => {
        const wait = setInterval(() => {
          if (!fs.existsSync(output) || !fs.readdirSync(output).length) return;
          clearInterval(wait);
          child.kill('SIGINT');
        }, 50);
        child.on('close', () => clearInterval(wait));
      },
    });
    assert.deepEqual([status, stdout], [130, '']);
    assert.ok(!fs.existsSync(output), 'the output folder is gone');
  });

  it('ends a wait for standard input at once', async () => {
    const child = startCli(['caption', '--files-from', '-'], { env, cwd: work });
    child.stdin?.write('photos/1.jpg\n');
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGINT');
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 130);
  });

  it('ends the demo with status 0', async () => {
    const child = startCli(['demo', '--json'], { env });
    const url = await new Promise<string>((resolve) => {
      child.stdout?.once('data', (chunk) => resolve(JSON.parse(String(chunk)).url));
    });
    assert.match(await (await fetch(url)).text(), /<html/i);
    child.kill('SIGINT');
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 0);
  });
});

describe('the streams', () => {
  it('hold no escape sequence where they are no terminal', async () => {
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      void runCli(['caption', '--output', '-', 'photos'], { env: { ...env, FORCE_COLOR: '1' }, cwd: work }).then(
        resolve,
      );
    });
    assert.ok(![stdout, stderr].some((text) => text.includes('\u001b')));
  });

  it('print results while others are still waited for', async () => {
    const child = startCli(['caption', '--files-from', '-'], { env, cwd: work });
    child.stdin?.write('photos/1.jpg\n');
    const first = await new Promise<string>((resolve) => child.stdout?.once('data', (chunk) => resolve(String(chunk))));
    assert.equal(first, `photos/1.jpg\t${CAPTION}\n`);
    child.stdin?.end();
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 0);
  });
});
