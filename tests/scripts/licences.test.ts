// docs/licences.md names every locked package, with a licence that this project accepts.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../project-root';

/** Licences under which a package may be used and passed on beside this project's Apache-2.0. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'MIT-CMU',
  'PSF-2.0',
  'Python-2.0',
  'Zlib',
]);
/**
 * Copyleft per file or per library, with where it is accepted: as a shared library, or a development tool that is not
 * passed on.
 */
const COPYLEFT = [
  { licence: 'LGPL-3.0-or-later', packages: /^@img\/sharp-/ },
  { licence: 'MPL-2.0', packages: /^(zeromq|certifi|fqdn|axe-core)$/ },
];

const read = (name: string): string => fs.readFileSync(path.join(projectRoot(), name), 'utf8');

/** Whether an SPDX expression without nesting is accepted for a package: one side of OR, every side of AND. */
function isAccepted(name: string, expression: string): boolean {
  return expression
    .split(' OR ')
    .some((side) =>
      side
        .split(' AND ')
        .every(
          (id) => PERMISSIVE.has(id) || COPYLEFT.some(({ licence, packages }) => licence === id && packages.test(name)),
        ),
    );
}

describe('docs/licences.md', () => {
  const sections = read('docs/licences.md').split(/^## /m).slice(1);
  const rows = sections.map((section) =>
    [...section.matchAll(/^\| (\S+) \| (\S+) \| (.+) \|$/gm)]
      .map(([, name = '', version = '', licence = '']) => ({ name, version, licence }))
      .filter(({ name }) => name !== 'package'),
  );
  const [library = [], development = [], python = []] = rows;

  test('every licence is known and accepted', () => {
    for (const { name, version, licence } of rows.flat())
      assert.ok(isAccepted(name, licence), `${name} ${version} has licence ${licence}, which has to be looked at`);
    assert.ok(!isAccepted('a-package', 'unknown'));
    assert.ok(!isAccepted('a-package', 'LGPL-3.0-or-later'));
    assert.ok(!isAccepted('a-package', 'MIT AND GPL-3.0-only'));
  });

  test('the npm packages are those of package-lock.json, with its licences', () => {
    const listed = new Map(
      [...library, ...development].map(({ name, version, licence }) => [`${name} ${version}`, licence]),
    );
    const packages: Record<string, { version?: string; license?: string; link?: boolean; dev?: boolean }> = JSON.parse(
      read('package-lock.json'),
    ).packages;
    const locked = new Set<string>();
    for (const [place, { version, license, link, dev }] of Object.entries(packages)) {
      if (place === '' || link || !version) continue;
      const name = place.split('node_modules/').pop();
      locked.add(`${name} ${version}`);
      const licence = listed.get(`${name} ${version}`);
      assert.ok(licence, `${name} ${version} is missing: run npm run licences`);
      if (license) assert.equal(licence, license.replace(/^\((.*)\)$/, '$1'), name);
      if (!dev)
        assert.ok(
          library.some((row) => row.name === name && row.version === version),
          `${name} is for users`,
        );
    }
    assert.deepEqual(
      [...listed.keys()].filter((key) => !locked.has(key)),
      [],
    );
  });

  test('the Python packages are those of requirements.txt', () => {
    const locked = [...read('requirements.txt').matchAll(/^([a-z0-9.-]+)==([\w.]+)/gm)];
    assert.deepEqual(
      python.map(({ name, version }) => `${name} ${version}`),
      locked.map(([, name, version]) => `${name} ${version}`),
      'run npm run licences',
    );
  });
});
