// The INT8 model beside another: there, not there, and there but damaged.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { int8Beside } from '../../lib/notebook';
import { projectRoot } from '../project-root';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'int8-beside-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

test('int8Beside', async (t) => {
  const [folder, int8] = ['fp16', 'int8'].map((name) => path.join(work, name));
  const device = 'CPU';
  assert.equal(await int8Beside({ folder, device }), undefined, 'notebook 2 has not run');
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'models', 'blip-scenes'));
  await convertBlip(checkpoint, int8); // any model will do
  checkpoint.close();
  assert.equal(await int8Beside({ folder: int8, device }), undefined, 'not with itself');
  const model = await int8Beside({ folder, device });
  assert.equal(model?.folder, int8);
  model?.dispose();
  fs.writeFileSync(path.join(int8, 'blip_text_decoder.xml'), 'cut');
  const said = t.mock.method(console, 'log', () => {});
  assert.equal(await int8Beside({ folder, device }), undefined);
  assert.match(String(said.mock.calls[0].arguments[0]), /^Without INT8 beside: .*int8/);
});
