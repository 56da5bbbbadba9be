// Packages are found as a dependency of the library or of the working folder's project, in npm's layout and in pnpm's.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { findPackage, packageVersion } from '../../lib/core/find-package';
import { projectRoot } from '../project-root';

const working = process.cwd();
const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'find-package-')));
afterEach(() => process.chdir(working));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function install(place: string, name: string, version: string): string {
  const installed = path.join(place, 'node_modules', name);
  fs.mkdirSync(installed, { recursive: true });
  // Its exports hide package.json, as those of many packages do.
  fs.writeFileSync(path.join(installed, 'package.json'), JSON.stringify({ name, version, exports: {} }));
  return installed;
}

describe('findPackage', () => {
  it("finds the library's own dependencies from any working folder", () => {
    process.chdir(folder);
    assert.equal(findPackage('koffi'), path.join(projectRoot(), 'node_modules', 'koffi'));
    assert.match(packageVersion('koffi') ?? '', /^\d+\.\d+\.\d+/);
  });

  it("finds what only the working folder's project has, above it", () => {
    const app = path.join(folder, 'app');
    fs.mkdirSync(path.join(app, 'src'), { recursive: true });
    const installed = install(app, '@blip-test/only-here', '1.2.3');
    assert.equal(findPackage('@blip-test/only-here'), undefined);
    process.chdir(path.join(app, 'src'));
    assert.equal(findPackage('@blip-test/only-here'), installed);
    assert.equal(packageVersion('@blip-test/only-here'), '1.2.3');
  });

  it('takes the nearest, from the first folder first', () => {
    const outer = path.join(folder, 'outer');
    const inner = path.join(outer, 'node_modules', 'library');
    const far = install(outer, 'blip-test-two', '1.0.0');
    const near = install(inner, 'blip-test-two', '2.0.0');
    assert.equal(findPackage('blip-test-two', [inner, outer]), near);
    assert.equal(findPackage('blip-test-two', [outer, inner]), far);
  });

  it('gives undefined for what is not installed', () => {
    assert.equal(findPackage('blip-test-nowhere'), undefined);
    assert.equal(packageVersion('blip-test-nowhere'), undefined);
  });
});
