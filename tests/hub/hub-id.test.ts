// Names that are neither a folder nor for the hub: said at once, without a request, with what may have been meant.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CheckpointError, loadCheckpoint } from '../../lib/checkpoint';
import { HubError } from '../../lib/hub';
import { isHubId } from '../../lib/hub/hub-id';
import { projectRoot } from '../project-root';

describe('hub ids', () => {
  for (const id of ['Salesforce/blip-vqa-base', 'gpt2', 'a/b', 'user_1/model.v1.5-base', `owner/${'n'.repeat(96)}`])
    it(`${id.slice(0, 40)} is one`, () => assert.ok(isHubId(id)));
  for (const id of [
    '',
    '.',
    '..',
    './x',
    '../x',
    '/abs/x',
    'a/b/c',
    'a/',
    '/b',
    'a//b',
    '~/x',
    '.\\x',
    'C:\\x',
    'a b/c',
    'a/-b',
    '-a/b',
    'a/b-',
    'a/.b',
    'a/b..c',
    'a/b--c',
    'a/b.git',
    `owner/${'n'.repeat(97)}`,
  ])
    it(`${JSON.stringify(id).slice(0, 40)} is none`, () => assert.ok(!isHubId(id)));
});

describe('a folder that is not there', () => {
  const start = process.cwd();
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'hub-id-'));
  before(() => process.chdir(projectRoot()));
  after(() => {
    process.chdir(start);
    fs.rmSync(work, { recursive: true, force: true });
  });

  // local_files_only: a name that is taken for a hub id ends in a HubError, without a request.
  const load = (name: string): Promise<unknown> => loadCheckpoint(name, { local_files_only: true, cache_dir: work });
  for (const name of [
    './no-such-folder',
    '../no-such-folder',
    '/no/such-folder',
    '.\\no-such-folder',
    'C:\\models\\x',
    '~/no-such-folder',
    'no such/folder',
    'data/pictures/nothing/here',
    'models/no-such-folder',
    'lib/no-such-folder',
  ])
    it(`${name}: says so, and what was expected`, async () => {
      await assert.rejects(
        load(name),
        (error: unknown) =>
          error instanceof CheckpointError &&
          error.message.startsWith(`${name}: no such folder. Expected a folder with config.json`) &&
          !error.message.includes('Did you mean') &&
          error.message.includes('expands "~"') === name.startsWith('~'),
      );
    });

  for (const name of [
    'models/blip-scnes',
    './models/blip-scene',
    'blip-scenes',
    './blip-scenes',
    '..\\models\\blip_scenes',
    'modles/blip-scenes',
    'model/blip-scenes',
    'modles\\blip_scens',
    './modles/blip-scenes',
    'models/blip-scnes@v1.0',
  ])
    it(`${name}: models/blip-scenes is near`, async () => {
      const near = path.join('models', 'blip-scenes');
      await assert.rejects(
        load(name),
        (error: unknown) =>
          error instanceof CheckpointError &&
          [`Did you mean ${near}?`, `Did you mean ${near} or ${near}-itm?`].some((end) => error.message.endsWith(end)),
      );
    });

  for (const [given, id] of [
    ['https://huggingface.co/Some-Org/blip.test', 'Some-Org/blip.test'],
    ['https://hf-mirror.com/Some-Org/blip.test/tree/main?x=1', 'Some-Org/blip.test'],
    ['https://huggingface.co/Some-Org/blip.test/resolve/v1.0/config.json', 'Some-Org/blip.test@v1.0'],
    ['https://huggingface.co/Some-Org/blip.test/tree/refs/pr/7', 'Some-Org/blip.test@refs/pr/7'],
    ['https://huggingface.co/datasets/Some-Org/vqa', 'Some-Org/vqa'],
    ['hf://Some-Org/blip.test@v1.0/config.json', 'Some-Org/blip.test@v1.0'],
    [' Some-Org/blip.test\r', 'Some-Org/blip.test'],
    ['Some-Org\\blip.test', 'Some-Org/blip.test'],
    ['Some-Org/blip.test:v1.0', 'Some-Org/blip.test@v1.0'],
  ])
    it(`${JSON.stringify(given)}: the id ${id} may be meant`, async () => {
      await assert.rejects(
        load(given),
        (error: unknown) => error instanceof CheckpointError && error.message.includes(`name the id alone: ${id}. `),
      );
    });

  it('one near match per place, also beside the missing folder', async () => {
    for (const near of ['my-blip-1', 'my-blip-2', 'my-blip-3']) fs.mkdirSync(path.join(work, near));
    for (const near of ['my-blip-1', 'my-blip-2']) fs.writeFileSync(path.join(work, near, 'config.json'), '{}');
    await assert.rejects(
      load(path.join(work, 'my-blip')),
      (error: unknown) =>
        error instanceof CheckpointError &&
        error.message.endsWith(`Did you mean ${path.join(work, 'my-blip-1')} or ${path.join(work, 'my-blip-2')}?`),
    );
  });

  it('an owner that is a folder here: no hub id, and why', async () => {
    await assert.rejects(
      load('models/blip-vqa-base'),
      /"models" is a folder here, so this is no hub id: start in another folder/,
    );
  });

  it('names for the hub go there', async () => {
    for (const name of [
      'Salesforce/blip-vqa-base',
      'some-model-of-the-hub',
      'modles/something-else',
      'Somebody/blip-scenes',
      'gpt2@v1.0',
    ])
      await assert.rejects(
        load(name),
        (error: unknown) => error instanceof HubError && /is not in the cache/.test(error.message),
      );
  });
});
