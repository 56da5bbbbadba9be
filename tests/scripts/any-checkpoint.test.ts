// Both notebooks from top to bottom with a checkpoint that only writes captions, and with one that only matches texts:
// tiny random ones (tests/fixtures/make_checkpoints.py), with the bundled data set and image, so that nothing is
// downloaded.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseBlipConfig } from '../../lib/checkpoint';
import { writePreprocessor } from '../optimize/tiny-model';
import { projectRoot } from '../project-root';
import { writeVocabulary } from '../write-vocabulary';
import { printedBy, readNotebook } from './write-notebook';

const WORDS = ['how', 'many', 'dogs', 'are', 'in', 'the', 'picture', '?', 'a', 'of'];
const SEP = 3;

describe('npm start with another checkpoint', () => {
  let work = '';
  before(() => {
    work = fs.mkdtempSync(path.join(os.tmpdir(), 'any-checkpoint-'));
  });
  after(() => fs.rmSync(work, { recursive: true, force: true }));

  /** A fixture with what it lacks: a vocabulary, and how images are prepared. */
  function makeCheckpoint(fixture: string): string {
    const folder = path.join(work, fixture);
    fs.cpSync(path.join(projectRoot(), 'tests/fixtures/checkpoints', fixture), folder, { recursive: true });
    const file = path.join(folder, 'config.json');
    const { vision_config, text_config } = parseBlipConfig(JSON.parse(fs.readFileSync(file, 'utf8')), file);
    const { vocab_size, pad_token_id, sep_token_id } = text_config;
    const sep = sep_token_id < vocab_size ? sep_token_id : SEP;
    writeVocabulary(folder, WORDS, { vocab_size, pad_token_id, sep_token_id: sep });
    writePreprocessor(folder, { size: { height: vision_config.image_size, width: vision_config.image_size } });
    return folder;
  }

  async function start(model: string): Promise<{ code: number | null; text: string; output: string }> {
    const output = path.join(work, `output of ${path.basename(model)}`);
    const child = spawn(process.execPath, [path.join(projectRoot(), 'scripts/start.mjs')], {
      env: {
        ...process.env,
        BLIP_MODEL: model,
        BLIP_OUTPUT: output,
        BLIP_PICTURE: 'data/pictures/demo.jpg',
        BLIP_DATASET: 'data/vqa-scenes',
      },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        text += chunk;
      });
    const [code] = await once(child, 'close');
    return { code, text, output };
  }

  /** What was skipped, by the checkpoint's that would not have skipped it. */
  function skipped(output: string): string[] {
    const said = ['convert', 'optimize'].flatMap((name) =>
      printedBy(readNotebook(path.join(output, 'notebooks', `233-blip-${name}.ipynb`))).flat(),
    );
    return said.flatMap((text) => [...text.matchAll(/^Skipped: this checkpoint .*$/gm)].map(([line]) => line));
  }

  for (const [fixture, task, lacks] of [
    ['caption-bf16', /caption {3}\S.*\n(?: {2}.*\n)*? {2}agreement {9}same captions in \d/, /answers no|matches no/],
    [
      'retrieval',
      /match {5}[01]\.\d{4} {2}a woman(?:.*\n)+? {2}agreement {9}same matches in \d/,
      /writes no|answers no/,
    ],
  ] as const)
    test(fixture, async () => {
      const { code, text, output } = await start(makeCheckpoint(fixture));
      assert.equal(code, 0, text.slice(-3000));
      assert.match(text, task);
      assert.match(text, /compression rate {2}\d\.\d{3}x\n {2}speed-up {10}vision model \d/);
      assert.doesNotMatch(text.slice(text.indexOf(' on CPU, ')), /missing|undefined|NaN|accuracy/);
      const lines = skipped(output);
      assert.ok(lines.length >= 2 && lines.every((line) => lacks.test(line)), lines.join('\n'));
      const saved = fs.readdirSync(path.join(output, 'results')).sort();
      assert.deepEqual(saved, ['convert.json', 'optimize.json']);
    });
});
