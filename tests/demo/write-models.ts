// Models for tests of the page, made of the bundled one: with notes about its training and attention, and for
// retrieval.
import * as path from 'node:path';
import * as fs from 'node:fs';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { editCheckpoint } from '../convert/edit-checkpoint';
import { projectRoot } from '../project-root';

const BUNDLED = path.join(projectRoot(), 'models', 'blip-scenes');
/** From tests/fixtures/checkpoints, where editCheckpoint looks. */
const NAME = path.relative(path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints'), BUNDLED);
const HIDDEN = 192;

async function convert(source: string, folder: string, output_attentions: boolean): Promise<string> {
  const checkpoint = await loadCheckpoint(source);
  try {
    return (await convertBlip(checkpoint, folder, { output_attentions })).folder;
  } finally {
    checkpoint.close();
  }
}

/** As it is in the repository, but for notes: photos' checkpoints have none. */
export function writePlain(work: string): Promise<string> {
  const source = path.join(work, 'plain');
  fs.cpSync(BUNDLED, source, { recursive: true });
  editCheckpoint(NAME, source, { config: (config) => delete config.training_notes });
  return convert(source, path.join(work, 'blip-scenes', 'fp16'), false);
}

/** @param score from which on its answers count as reliable */
export function writeNoted(work: string, score: number): Promise<string> {
  const source = path.join(work, 'noted-checkpoint');
  fs.cpSync(BUNDLED, source, { recursive: true });
  const training_notes = {
    trained_on: 'Trained on drawn scenes; photos are beyond it.',
    whole_words_seen: true,
    reliable_from: { score, correct: 0.95 },
  };
  editCheckpoint(NAME, source, { config: (config) => Object.assign(config, { training_notes }) });
  return convert(source, path.join(work, 'noted', 'traced'), true);
}

/** Without its decoder, with a head of fixed numbers: its probabilities mean nothing, but differ. */
export function writeRetrieval(work: string): Promise<string> {
  const source = path.join(work, 'retrieval-checkpoint');
  fs.cpSync(BUNDLED, source, { recursive: true });
  editCheckpoint(NAME, source, {
    config: (config) =>
      Object.assign(config, { architectures: ['BlipForImageTextRetrieval'], image_text_hidden_size: 8 }),
    tensors: (all) => {
      for (const name of [...all.keys()]) if (name.startsWith('text_decoder.')) all.delete(name);
      const add = (name: string, rows: number): void => {
        const weight = Float32Array.from({ length: rows * HIDDEN }, (_, i) => 0.1 * Math.sin(i * name.length));
        all.set(`${name}.weight`, { dtype: 'F32', shape: [rows, HIDDEN], bytes: new Uint8Array(weight.buffer) });
        all.set(`${name}.bias`, { dtype: 'F32', shape: [rows], bytes: new Uint8Array(4 * rows) });
      };
      add('itm_head', 2);
      add('vision_proj', 8);
      add('text_proj', 8);
    },
  });
  return convert(source, path.join(work, 'retrieval', 'fp16'), false);
}
