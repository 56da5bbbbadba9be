// The same situations for this library as for Python's huggingface_hub, whose outcome is recorded
// (tests/fixtures/make_hub.py).
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LoopbackHub } from './loopback-hub';
import { runScenario, type Outcome } from './run-scenario';
import { SCENARIOS } from './scenarios';

type Recorded = Outcome & { readonly version: string };

const RECORDED: Readonly<Record<string, Recorded>> = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'hub', 'huggingface_hub.json'), 'utf8'),
);
/** One class here for what has several names there: the network brought nothing, and neither did the cache. */
const UNREACHABLE = ['LocalEntryNotFoundError', 'ConnectError', 'ReadTimeout'];
const NAMES: Readonly<Record<string, readonly string[]>> = {
  UnreachableError: UNREACHABLE,
  HubHttpError: ['HfHubHTTPError'],
  EntryNotFoundError: ['RemoteEntryNotFoundError'],
};

describe('as huggingface_hub does it', () => {
  let hub: LoopbackHub;
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'hub-parity-'));
  before(async () => {
    hub = await LoopbackHub.start();
  });
  after(async () => {
    await hub.stop();
    fs.rmSync(work, { recursive: true, force: true });
  });

  for (const scenario of SCENARIOS) {
    it(`${scenario.name}${scenario.differs ? ` (${scenario.differs})` : ''}`, async () => {
      const outcome = await runScenario(hub, scenario, fs.mkdtempSync(path.join(work, 'home-')));
      if (scenario.expected !== undefined) {
        assert.equal(outcome.result, scenario.expected);
        if (scenario.ownOnly) return;
      }
      const { version, ...right } = RECORDED[scenario.name] ?? assert.fail('not recorded: run make_hub.py');
      assert.ok(version >= '2.4');
      if (scenario.expected !== undefined)
        return assert.notEqual(outcome.result, right.result, 'no difference any more');
      assert.ok(
        [outcome.result, ...(NAMES[outcome.result] ?? [])].includes(right.result),
        `${outcome.result}, there ${right.result}`,
      );
      for (const key of ['serverMessage', 'files', 'links', 'refs', 'missing', 'blobs', 'tokens', 'proxied'] as const)
        assert.deepEqual(outcome[key], right[key], key);
    });
  }
});
