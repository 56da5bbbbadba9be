// What the environment asks for, with defaults that follow the model.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { runSettings, RunSettingsError, settingsRows } from '../../lib/notebook';
import { projectRoot } from '../project-root';

const PHOTO = 'https://storage.googleapis.com/sfr-vision-language-research/BLIP/demo.jpg';

describe('run settings', () => {
  it('are the bundled model with its drawn scenes, however its folder is written', () => {
    const expected = {
      model: 'models/blip-scenes',
      isBundled: true,
      device: 'CPU',
      picture: 'data/pictures/demo.jpg',
      dataset: 'data/vqa-scenes',
      output: 'output',
    };
    assert.deepEqual(runSettings({}), expected);
    assert.deepEqual(runSettings({ BLIP_MODEL: '', BLIP_PICTURE: '', BLIP_OUTPUT: '', BLIP_REVISION: '' }), expected);
    const absolute = path.join(projectRoot(), 'models', 'blip-scenes', path.sep);
    assert.deepEqual(runSettings({ BLIP_MODEL: absolute }), { ...expected, model: absolute });
    const model = 'models/blip-scenes-itm'; // knows the same scenes, and needs no network either
    assert.deepEqual(runSettings({ BLIP_MODEL: model }), { ...expected, model });
  });

  it('are a photo and VQAv2 for any other checkpoint, unless something else is named', () => {
    for (const BLIP_MODEL of ['Salesforce/blip-vqa-base', 'models/other', 'someone/blip-scenes']) {
      const { isBundled, picture, dataset } = runSettings({ BLIP_MODEL });
      assert.deepEqual(
        { isBundled, picture, dataset },
        { isBundled: false, picture: PHOTO, dataset: 'lmms-lab/VQAv2' },
      );
    }
    const named = { BLIP_PICTURE: 'my.jpg', BLIP_DATASET: 'my/set', BLIP_DEVICE: 'GPU', BLIP_OUTPUT: '/big' };
    for (const BLIP_MODEL of ['Salesforce/blip-vqa-base', ''])
      assert.deepEqual(Object.values(runSettings({ ...named, BLIP_MODEL })).slice(2), [
        'GPU',
        'my.jpg',
        'my/set',
        '/big',
      ]);
  });

  it('take a revision, behind the id or of its own', () => {
    const model = (BLIP_MODEL: string, BLIP_REVISION?: string): string =>
      runSettings({ BLIP_MODEL, BLIP_REVISION }).model;
    assert.equal(model('a/b@refs/pr/7'), 'a/b@refs/pr/7');
    assert.equal(model('a/b', 'refs/pr/7'), 'a/b@refs/pr/7');
    assert.equal(model('a/b', 'main'), 'a/b');
    assert.equal(model('a/b@main'), 'a/b');
    assert.equal(model('a/b@main', 'main'), 'a/b');
    assert.equal(model('a/b@v1', 'v1'), 'a/b@v1');
  });

  it('refuse a revision of a folder, two revisions, and what cannot be one', (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'settings-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    for (const [BLIP_MODEL, BLIP_REVISION, message] of [
      [folder, 'v1', /BLIP_REVISION is "v1".*is a folder/],
      ['', 'v1', /models\/blip-scenes is a folder.*BLIP_MODEL/],
      ['a/b@v1', 'v2', /"v2".*names the revision "v1"/],
      ['a/b', 'no such..thing', /expected a branch, a tag, a commit/],
    ] as const)
      assert.throws(
        () => runSettings({ BLIP_MODEL, BLIP_REVISION }),
        (error: unknown) => error instanceof RunSettingsError && message.test(error.message),
        String(message),
      );
  });

  it('are told with the variable that changes each', () => {
    assert.deepEqual(settingsRows(runSettings({ BLIP_DEVICE: 'AUTO' })).at(1), {
      setting: 'device',
      value: 'AUTO',
      variable: 'BLIP_DEVICE',
    });
  });
});
