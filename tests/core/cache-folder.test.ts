// The cache folder on each platform, as its own convention has it, whatever the environment says.
import assert from 'node:assert/strict';
import os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CacheFolderError, cacheFolder } from '../../lib/core/cache-folder';

const VARIABLES = ['BLIP_CACHE', 'XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME', 'USERPROFILE'] as const;
const saved = { ...process.env };
const platform = Object.getOwnPropertyDescriptor(process, 'platform') ?? {};
const home = path.resolve('/home/ada');

function environment(values: Partial<Record<(typeof VARIABLES)[number], string>>): void {
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, { HOME: home, USERPROFILE: home }, values);
}

function on(name: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { ...platform, value: name });
}

describe('cacheFolder', () => {
  beforeEach(() => environment({}));
  afterEach(() => {
    Object.defineProperty(process, 'platform', platform);
    for (const name of VARIABLES)
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
  });

  it("follows each platform's convention", () => {
    on('linux');
    assert.equal(cacheFolder(), path.join(home, '.cache', 'blip-openvino'));
    on('darwin');
    assert.equal(cacheFolder(), path.join(home, 'Library', 'Caches', 'blip-openvino'));
    on('win32');
    assert.equal(cacheFolder(), path.join(home, 'AppData', 'Local', 'blip-openvino'));
    environment({ LOCALAPPDATA: path.resolve('/local') });
    assert.equal(cacheFolder(), path.join(path.resolve('/local'), 'blip-openvino'));
  });

  it('follows XDG_CACHE_HOME on every platform, unless it is relative', () => {
    for (const name of ['linux', 'darwin', 'win32'] as const) {
      on(name);
      environment({ XDG_CACHE_HOME: path.resolve('/xdg'), LOCALAPPDATA: path.resolve('/local') });
      assert.equal(cacheFolder(), path.join(path.resolve('/xdg'), 'blip-openvino'), name);
    }
    on('linux');
    for (const invalid of ['', 'relative/cache']) {
      environment({ XDG_CACHE_HOME: invalid });
      assert.equal(cacheFolder(), path.join(home, '.cache', 'blip-openvino'));
    }
  });

  it('is what BLIP_CACHE says, as an absolute path, with ~ expanded', () => {
    on('linux');
    const xdg = { XDG_CACHE_HOME: path.resolve('/xdg') };
    environment({ ...xdg, BLIP_CACHE: path.resolve('/big/disk') });
    assert.equal(cacheFolder(), path.resolve('/big/disk'));
    environment({ ...xdg, BLIP_CACHE: 'here' });
    assert.equal(cacheFolder(), path.resolve('here'));
    environment({ ...xdg, BLIP_CACHE: '~/models' });
    assert.equal(cacheFolder(), path.join(home, 'models'));
    environment({ ...xdg, BLIP_CACHE: '~' });
    assert.equal(cacheFolder(), home);
    environment({ ...xdg, BLIP_CACHE: '~ada/models' });
    assert.equal(cacheFolder(), path.resolve('~ada/models'));
  });

  it('asks for BLIP_CACHE where the user has no home folder', (t) => {
    on('linux');
    environment({ HOME: '' });
    t.mock.method(os, 'homedir', () => '');
    assert.throws(
      cacheFolder,
      (error: unknown) => error instanceof CacheFolderError && /BLIP_CACHE/.test(error.message),
    );
    t.mock.method(os, 'homedir', () => {
      throw new Error('uv_os_homedir returned ENOENT');
    });
    assert.throws(cacheFolder, (error: unknown) => error instanceof CacheFolderError && /ENOENT/.test(error.message));
    environment({ BLIP_CACHE: path.resolve('/big/disk') });
    assert.equal(cacheFolder(), path.resolve('/big/disk'));
  });
});
