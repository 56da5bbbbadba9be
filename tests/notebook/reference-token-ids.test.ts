// The ids of transformers.js beside our own: equal for the bundled model; none where its file is missing.
import assert from 'node:assert/strict';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { referenceTokenIds } from '../../lib/notebook/reference-token-ids';
import { BlipTokenizer } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';

const MODEL = path.join(projectRoot(), 'models', 'blip-scenes');

test('referenceTokenIds gives what transformers.js makes of a text', async () => {
  const text = 'How many dogs are in the picture?';
  const { input_ids } = new BlipTokenizer(MODEL).encode([text], 40, () => undefined);
  assert.deepEqual(await referenceTokenIds(MODEL, text), Array.from(input_ids, Number));
  assert.deepEqual(await referenceTokenIds(MODEL, 'how many dogs?'), [2, 679, 821, 421, 5, 3]);
  assert.equal(await referenceTokenIds(os.tmpdir(), text), undefined);
});
