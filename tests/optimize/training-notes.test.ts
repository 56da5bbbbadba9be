// What config.json says about a model's training survives conversion and quantization.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, it } from 'node:test';
import { quantizeBlip } from '../../lib/optimize';
import { BlipProcessor } from '../../lib/preprocessing';
import { convertBlip, loadCheckpoint } from '../../lib/convert';
import { makeFixtures } from '../exports/callback-fixtures';

const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'training-notes-')));
after(() => fs.rmSync(work, { recursive: true, force: true }));

it('training_notes are in both folders, and the processor reads them', { timeout: 300_000 }, async () => {
  const { checkpoint, samples, python, close } = await makeFixtures(work);
  await close();
  const notes = { trained_on: 'scenes of the test', seen_words: ['how', 'many', 'dogs'] };
  const file = path.join(checkpoint, 'config.json');
  const config: object = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.writeFileSync(file, JSON.stringify({ ...config, training_notes: notes }));
  const before = (await BlipProcessor.fromCheckpoint(checkpoint)).trainingNotes;
  assert.ok(before);
  const source = await loadCheckpoint(checkpoint);
  await convertBlip(source, path.join(work, 'fp16')).finally(() => source.close());
  process.env.BLIP_PYTHON = python;
  await quantizeBlip(path.join(work, 'fp16'), samples, path.join(work, 'int8'));
  for (const folder of ['fp16', 'int8'])
    assert.deepEqual((await BlipProcessor.fromCheckpoint(path.join(work, folder))).trainingNotes, before);
});
