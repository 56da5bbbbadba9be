// A model folder is what its manifest says, or it is not loaded: flipped bits, cut and missing files, foreign graphs,
// other configurations.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { OVBlipMatcher, OVBlipModel } from '../../lib/generation';
import { ModelFolderError, verifyModelFolder } from '../../lib/model-folder';
import { rememberedDigest, readMemory } from '../../lib/model-folder/digest-memory';
import { projectRoot } from '../project-root';

const FIXTURES = path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints');
const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'folder-integrity-')));
const saved = process.env.BLIP_CACHE;
let vqa = '';
let retrieval = '';
let count = 0;

before(async () => {
  process.env.BLIP_CACHE = path.join(work, 'cache');
  for (const name of ['vqa-f16', 'retrieval']) {
    const checkpoint = await loadCheckpoint(path.join(FIXTURES, name));
    await convertBlip(checkpoint, path.join(work, name));
    checkpoint.close();
  }
  vqa = path.join(work, 'vqa-f16');
  retrieval = path.join(work, 'retrieval');
});
after(() => {
  if (saved === undefined) delete process.env.BLIP_CACHE;
  else process.env.BLIP_CACHE = saved;
  fs.rmSync(work, { recursive: true, force: true });
});

function copyOf(folder: string): string {
  const copy = path.join(work, `copy-${++count}`);
  fs.cpSync(folder, copy, { recursive: true });
  return copy;
}

/** A test that the error names all of these. */
function names(...parts: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ModelFolderError, String(error));
    for (const part of parts) assert.ok(error.message.includes(part), `${part}: ${error.message}`);
    return true;
  };
}

const load = async (folder: string): Promise<void> => (await OVBlipModel.load(folder)).dispose();

it('the manifest names every file with its size and SHA-256, and what the model was made of', async () => {
  const { files, checkpoint, made_by, options, versions } = await verifyModelFolder(vqa);
  const expected = fs
    .readdirSync(vqa)
    .filter((name) => name !== 'blip_manifest.json')
    .map((name) => {
      const bytes = fs.readFileSync(path.join(vqa, name));
      return [name, { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }];
    });
  assert.deepEqual(files, Object.fromEntries(expected));
  const { version } = JSON.parse(fs.readFileSync(path.join(projectRoot(), 'package.json'), 'utf8'));
  assert.deepEqual(
    { checkpoint, made_by, options, versions },
    {
      checkpoint: { id: 'vqa-f16' },
      made_by: 'convertBlip',
      options: { compress_to_fp16: true },
      versions: { 'blip-openvino': version },
    },
  );
});

describe('one flipped bit', () => {
  for (const file of [
    'blip_vision_model.bin',
    'blip_text_encoder.bin',
    'blip_text_decoder.bin',
    'blip_text_decoder.xml',
    'config.json',
  ])
    it(`in ${file} is noticed by loading, also under the old size and date, and by verifyModelFolder`, async () => {
      const folder = copyOf(vqa);
      await load(folder);
      const target = path.join(folder, file);
      const { atime, mtime } = fs.statSync(target);
      const bytes = fs.readFileSync(target);
      bytes[Math.floor(bytes.length * 0.7)] ^= 4;
      fs.writeFileSync(target, bytes);
      fs.utimesSync(target, atime, mtime);
      for (const call of [load, verifyModelFolder])
        await assert.rejects(call(folder), names(target, 'SHA-256', 'convertBlip(await loadCheckpoint("vqa-f16")'));
    });

  it('of a retrieval model is noticed by OVBlipMatcher', async () => {
    const folder = copyOf(retrieval);
    (await OVBlipMatcher.load(folder)).dispose();
    const target = path.join(folder, 'blip_text_encoder.bin');
    const bytes = fs.readFileSync(target);
    bytes[100] ^= 1;
    fs.writeFileSync(target, bytes);
    await assert.rejects(OVBlipMatcher.load(folder), names(target, 'SHA-256'));
  });
});

describe('loading and verifyModelFolder refuse', () => {
  const damages: Readonly<Record<string, readonly [(folder: string) => void, readonly string[]]>> = {
    'a cut file': [
      (folder) => fs.truncateSync(path.join(folder, 'blip_vision_model.bin'), 1000),
      ['blip_vision_model.bin', '1000 bytes', 'cut'],
    ],
    'a missing file': [
      (folder) => fs.rmSync(path.join(folder, 'generation_config.json')),
      ['generation_config.json', 'missing'],
    ],
    'a missing part': [
      (folder) => fs.rmSync(path.join(folder, 'blip_text_encoder.xml')),
      ['blip_text_encoder.xml', 'missing'],
    ],
    'a graph of another model': [
      (folder) => fs.writeFileSync(path.join(folder, 'blip_extra.xml'), '<net/>'),
      ['blip_extra.xml', 'another model'],
    ],
    'a manifest that is no JSON': [
      (folder) => fs.writeFileSync(path.join(folder, 'blip_manifest.json'), '{'),
      ['blip_manifest.json'],
    ],
    'a manifest of another version': [edited({ format: 2 }), ['blip_manifest.json', 'format', '2']],
    'a manifest that names a file elsewhere': [
      edited({ files: { '../config.json': { size: 1, sha256: '0'.repeat(64) } } }),
      ['../config.json'],
    ],
    'a manifest with a fraction of a byte': [
      edited({ files: { 'a.bin': { size: 1.5, sha256: '0'.repeat(64) } } }),
      ['a.bin', '1.5'],
    ],
    'a manifest with half a digest': [edited({ files: { 'a.bin': { size: 1, sha256: '00' } } }), ['a.bin', 'sha256']],
    'a manifest without files': [edited({ files: null }), ['files']],
    'a manifest with too many files': [
      edited({ files: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i}`, {}])) }),
      ['files'],
    ],
  };
  for (const [what, [damage, parts]] of Object.entries(damages))
    it(what, async () => {
      const folder = copyOf(vqa);
      damage(folder);
      for (const call of [load, verifyModelFolder]) await assert.rejects(call(folder), names(...parts));
    });

  function edited(changes: Readonly<Record<string, unknown>>): (folder: string) => void {
    return (folder) => {
      const file = path.join(folder, 'blip_manifest.json');
      fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...changes }));
    };
  }
});

describe('a folder without a manifest', () => {
  it('is loaded; verifyModelFolder says that there is nothing to compare with', async () => {
    const folder = copyOf(vqa);
    fs.rmSync(path.join(folder, 'blip_manifest.json'));
    await load(folder);
    for (const place of [folder, path.join(work, 'absent')])
      await assert.rejects(verifyModelFolder(place), names('blip_manifest.json', 'missing'));
  });

  const config: Readonly<
    Record<string, readonly [(config: Record<string, Record<string, number>>) => void, readonly string[]]>
  > = {
    'a vocabulary of another size': [
      ({ text_config }) => void text_config.vocab_size++,
      ['blip_text_decoder.xml', 'logits', 'vocab_size'],
    ],
    'other positions': [
      ({ text_config }) => void text_config.max_position_embeddings++,
      ['blip_text_', 'positions', 'max_position_embeddings'],
    ],
    'another image size': [
      ({ vision_config }) => void (vision_config.image_size += vision_config.patch_size),
      ['blip_vision_model.xml', 'pixel_values', 'image_size'],
    ],
    'another patch size': [
      ({ vision_config }) => void (vision_config.patch_size /= 2),
      ['blip_vision_model.xml', 'last_hidden_state', 'patch_size'],
    ],
    'another hidden size of images': [
      ({ vision_config }) => void (vision_config.hidden_size *= 2),
      ['blip_vision_model.xml', 'vision_config.hidden_size'],
    ],
    'another hidden size of texts': [
      ({ text_config }) => void (text_config.hidden_size *= 2),
      ['blip_text_encoder.xml', 'text_config.hidden_size'],
    ],
    'a begin token beyond the vocabulary': [
      ({ text_config }) => void (text_config.bos_token_id = text_config.vocab_size),
      ['blip_text_decoder.xml', 'bos_token_id'],
    ],
    'an end token beyond the vocabulary': [
      ({ text_config }) => void (text_config.sep_token_id = 10 ** 6),
      ['blip_text_decoder.xml', 'sep_token_id', '1000000'],
    ],
  };
  for (const [what, [change, parts]] of Object.entries(config))
    it(`whose config.json has ${what} is refused`, async () => {
      const folder = copyOf(vqa);
      fs.rmSync(path.join(folder, 'blip_manifest.json'));
      const file = path.join(folder, 'config.json');
      const json = JSON.parse(fs.readFileSync(file, 'utf8'));
      change(json);
      fs.writeFileSync(file, JSON.stringify(json));
      await assert.rejects(load(folder), names(...parts, 'config.json'));
    });
});

describe('digests', () => {
  it('are remembered for files that did not change lately, and computed again when one does', async () => {
    const file = path.join(work, 'remembered.bin');
    fs.writeFileSync(file, 'one');
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
    assert.equal(await rememberedDigest(file, await readMemory()), digest('one'));
    const { size } = await readMemory();
    // What was just written may be written again within a tick of the clock
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    assert.equal(await rememberedDigest(file, await readMemory()), digest('one'));
    const memory = await readMemory();
    assert.equal(memory.size, size + 1);
    const lied = new Map([...memory].map(([identity]) => [identity, digest('lie')]));
    assert.equal(await rememberedDigest(file, lied), digest('lie'), 'the file was not read');
    const { atime, mtime } = fs.statSync(file);
    fs.writeFileSync(file, 'two');
    fs.utimesSync(file, atime, mtime);
    assert.equal(await rememberedDigest(file, lied), digest('two'));
  });

  it('are computed where the cache cannot be written, or holds something else', async () => {
    const file = path.join(work, 'digests-file.bin');
    fs.writeFileSync(file, 'x');
    const cache = process.env.BLIP_CACHE;
    process.env.BLIP_CACHE = file; // a file where a folder is needed
    assert.equal((await readMemory()).size, 0);
    assert.match(await rememberedDigest(file, new Map()), /^2d711642/);
    process.env.BLIP_CACHE = path.join(work, 'other-cache');
    fs.mkdirSync(path.join(work, 'other-cache'));
    fs.writeFileSync(path.join(work, 'other-cache', 'digests.txt'), `garbage\n1-2-3-4-5 ${'a'.repeat(64)}\n1-2-3-4-`);
    assert.deepEqual([...(await readMemory())], [['1-2-3-4-5', 'a'.repeat(64)]]);
    process.env.BLIP_CACHE = cache;
  });
});
