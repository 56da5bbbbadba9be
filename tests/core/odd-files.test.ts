// A pipe, a socket, a device, a folder or an empty file where a file belongs: a named error or a result, never waiting.
// In a process of its own, which a pipe that is waited for would stop altogether.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { projectRoot } from '../project-root';
import { makeTinyModel } from '../optimize/tiny-model';
import { ODD_FILES } from './try-odd-files';

const POSIX_ONLY = { skip: process.platform === 'win32' && 'pipes and devices are POSIX', timeout: 600_000 };
/** A case takes milliseconds; a busy machine may need a hundred times as long. */
const LIMIT_MS = 120_000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'odd-files-'));
const model = path.join(folder, 'model');
before(async () => void (await makeTinyModel(model)));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const KINDS: Readonly<Record<string, (file: string) => void>> = {
  'a named pipe': (file) => void execFileSync('mkfifo', [file]),
  'a socket': (file) =>
    void execFileSync(
      process.execPath,
      [
        '-e',
        // Killed, so that the socket stays.
        `require('node:net').createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, ` +
          `'SIGKILL'))`,
      ].slice(0),
      { stdio: 'ignore' },
    ),
  'a device': (file) => fs.symlinkSync('/dev/zero', file),
  'a folder': (file) => fs.mkdirSync(file),
  'an empty file': (file) => fs.writeFileSync(file, ''),
};

for (const [kind, make] of Object.entries(KINDS))
  test(`${kind} where a file belongs`, POSIX_ONLY, () => {
    const place = fs.mkdtempSync(path.join(folder, 'place-'));
    const odd = path.join(place, 'odd');
    try {
      make(odd);
    } catch {
      assert.ok(fs.existsSync(odd), 'the socket of a killed process stays');
    }
    const { stdout, stderr, signal } = spawnSync(
      process.execPath,
      ['--import', 'tsx', path.join(__dirname, 'try-odd-files.ts'), model, odd, place],
      { cwd: projectRoot(), encoding: 'utf8', timeout: LIMIT_MS, killSignal: 'SIGKILL' },
    );
    const lines = stdout.split('\n').filter(Boolean);
    assert.equal(signal, null, `waits in: ${lines.at(-1)}\n${stderr}`);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('problem')),
      [],
      stderr,
    );
    assert.equal(lines.filter((line) => line.startsWith('tried')).length, ODD_FILES.length, stderr);
  });
