// What set-up says about the machine: Node too old, Python missing, too old or without venv.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../project-root';
import { addOldPython, addProgram, addPython, makePath } from './fake-programs';

const system = import(pathToFileURL(path.join(projectRoot(), 'scripts', 'system.mjs')).href);

describe('Node.js', () => {
  test('is refused below 20.19, with what was found and what to do', async () => {
    const { checkNode } = await system;
    for (const version of ['18.20.4', '20.18.3', '16.0.0'])
      assert.throws(() => checkNode(version), {
        message:
          `Node.js ${version} is too old: 20.19 or newer is needed. Get it from nodejs.org, then run the ` +
          `command again.`,
      });
    for (const version of ['20.19.0', '20.20.2', '21.0.0', '22.1.0', '26.0.0']) checkNode(version);
    checkNode();
  });
});

describe('Python', { skip: process.platform === 'win32' }, () => {
  let PATH = '';
  const inFolder = (name: string) => path.join(PATH, name);
  beforeEach(() => {
    PATH = makePath(fs.mkdtempSync(path.join(os.tmpdir(), 'path with blanks ')));
  });
  afterEach(() => fs.rmSync(PATH, { recursive: true, force: true }));

  test('none at all', async () => {
    const { findPython } = await system;
    await assert.rejects(findPython({ PATH }), {
      message:
        "Python 3.10 or newer is needed (found: none). Get it from python.org or your system's packages, then run " +
        'the command again.',
    });
  });

  test('only old ones: each is named', async () => {
    const { findPython } = await system;
    addOldPython(PATH, 'python3', '3.8.18');
    addOldPython(PATH, 'python', '2.7.18');
    await assert.rejects(findPython({ PATH }), /found: python3 is 3\.8\.18, python is 2\.7\.18/);
  });

  test('an old python3 before a newer one under another name', async () => {
    const { findPython } = await system;
    addOldPython(PATH, 'python3', '3.9.2');
    addOldPython(PATH, 'python3.12', '3.12.1');
    assert.deepEqual(await findPython({ PATH }), { command: 'python3.12', args: [], version: '3.12.1' });
  });

  test("Windows' launcher is asked for Python 3", async () => {
    const { findPython } = await system;
    addProgram(PATH, 'py', 'if [ "$1" = "-3" ]; then echo 3.13.0; else echo 2.7.18; fi\n');
    assert.deepEqual(await findPython({ PATH }), { command: 'py', args: ['-3'], version: '3.13.0' });
  });

  test('a command that only prints a hint is no Python', async () => {
    const { findPython } = await system;
    addProgram(PATH, 'python3', 'echo "Python was not found; run without arguments to install"; exit 9\n');
    addProgram(PATH, 'python', 'echo "hello"\n');
    await assert.rejects(findPython({ PATH }), /found: none/);
  });

  test('two-digit minor versions count as newer', async () => {
    const { findPython } = await system;
    addOldPython(PATH, 'python3', '3.10.0');
    assert.equal((await findPython({ PATH })).version, '3.10.0');
  });

  test('without venv or ensurepip: its message, and the package to install', async () => {
    const { findPython, makeEnvironment } = await system;
    addProgram(PATH, 'python3', 'if [ "$1" = "-m" ]; then echo "No module named venv" >&2; exit 1; fi; echo 3.11.2\n');
    const python = await findPython({ PATH });
    await assert.rejects(makeEnvironment(python, inFolder('env'), { PATH }), (error: Error) => {
      assert.match(error.message, /^python3 \(Python 3\.11\.2\) cannot make an environment:\nNo module named venv\n/);
      assert.match(error.message, /apt install python3-venv/);
      return true;
    });
  });

  test('with venv', async () => {
    const { findPython, makeEnvironment } = await system;
    addPython(PATH, 'python3', '3.11.2', inFolder('log'));
    await makeEnvironment(await findPython({ PATH }), inFolder('env'), { PATH });
    assert.ok(fs.existsSync(path.join(PATH, 'env', 'bin', 'python')));
  });
});
