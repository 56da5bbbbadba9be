// The Python lock: complete, with digests, for every Python version and system that the project supports, and without a
// host.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../project-root';

const PYTHON = path.join(projectRoot(), '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

const read = (name: string): string => fs.readFileSync(path.join(projectRoot(), name), 'utf8');

/**
 * Evaluates the lock for every environment: { environment: { name: [versions that apply] } }, and what is installed
 * here but not locked.
 */
const EVALUATE = `
import importlib.metadata as metadata, json, re, sys
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

locked = [Requirement(line.split("\\\\")[0]) for line in open(sys.argv[1]) if re.match(r"[a-z0-9]", line)]
SYSTEMS = {
  "linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
  "macos": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
  "windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}

def applying(environment):
  found = {}
  for r in locked:
    if r.marker is None or r.marker.evaluate(environment):
      found.setdefault(canonicalize_name(r.name), []).append(str(r.specifier))
  return found

environments = {}
for minor in range(10, 15):
  for name, system in SYSTEMS.items():
    version = {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.9"}
    environments[f"3.{minor} on {name}"] = applying({**default_environment(), **version, **system})

here = applying(default_environment())
missing = []
for name in here:
  try: requires = metadata.requires(name) or []
  except metadata.PackageNotFoundError: continue
  for r in map(Requirement, requires):
    if (r.marker is None or r.marker.evaluate({"extra": ""})) and canonicalize_name(r.name) not in here:
      missing.append(f"{name} needs {r}")
print(json.dumps({"environments": environments, "missing": missing}))
`;

describe('requirements.txt', () => {
  const lock = read('requirements.txt');
  const entries = lock
    .replace(/^#.*\n/gm, '')
    .replace(/ \\\n\s+/g, ' ')
    .trim()
    .split('\n');

  test('every package has one version and the SHA-256 of its files', () => {
    assert.ok(entries.length > 100);
    for (const entry of entries)
      assert.match(entry, /^[a-z0-9.-]+==[\w.]+( ; [^@]+?)?( --hash=sha256:[0-9a-f]{64})+$/, entry.slice(0, 120));
  });

  test('names no host and no option that would choose an index', () => {
    for (const file of ['requirements.txt', 'benchmarks/constraints.txt', 'training/constraints.txt'])
      assert.doesNotMatch(read(file), /:\/\/|--(extra-)?index|--find-links| @ /, file);
  });

  test('one version of each requirement on every supported Python and system; nothing installed is left out', () => {
    const direct: string[] = read('requirements.in').match(/^[\w-]+(?===)/gm) ?? [];
    assert.ok(direct.includes('openvino') && direct.includes('nncf') && direct.includes('jupyterlab'));
    const { status, stdout, stderr } = spawnSync(
      PYTHON,
      ['-c', EVALUATE, path.join(projectRoot(), 'requirements.txt')],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const { environments, missing } = JSON.parse(stdout);
    assert.deepEqual(missing, []);
    assert.equal(Object.keys(environments).length, 15);
    for (const [environment, packages] of Object.entries<Record<string, string[]>>(environments)) {
      for (const [name, versions] of Object.entries(packages))
        assert.equal(versions.length, 1, `${name} on ${environment}: ${versions.join(', ')}`);
      for (const name of direct)
        assert.ok(packages[name.replaceAll('_', '-').toLowerCase()], `${name} is missing on ${environment}`);
    }
    assert.ok(environments['3.12 on windows'].pywinpty && !environments['3.12 on linux'].pywinpty);
  });

  test('pins of requirements.in are those of the lock', () => {
    for (const [, name, version] of read('requirements.in').matchAll(/^([\w-]+)==([\w.]+)/gm))
      assert.ok(lock.includes(`${name?.replaceAll('_', '-')}==${version}`), `${name}==${version}: run npm run lock`);
  });
});
