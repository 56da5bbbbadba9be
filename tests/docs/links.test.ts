// Every relative link of the project's documents leads to a file.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../project-root';

const DOCUMENTS = [
  '',
  'docs',
  'docs/decisions',
  'benchmarks',
  'training',
  'data',
  'models/blip-scenes',
  'models/blip-scenes-itm',
].flatMap((folder) =>
  fs
    .readdirSync(path.join(projectRoot(), folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name)),
);

test('links in documents lead to files', () => {
  let links = 0;
  for (const document of DOCUMENTS) {
    const text = fs.readFileSync(path.join(projectRoot(), document), 'utf8').replace(/^```.*?^```/gms, '');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)|src="[^"]*"/g)) {
      if (target === '' || /^[a-z]+:/.test(target)) continue;
      links++;
      const file = path.join(projectRoot(), path.dirname(document), target);
      assert.ok(fs.existsSync(file), `${document} links to ${target}, which does not exist`);
    }
  }
  assert.ok(links > 30, `${links} links were found`);
});
