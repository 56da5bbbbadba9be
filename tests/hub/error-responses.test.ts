// What the hub's refusals are called and what is said about them: the id, the hub's own sentence, what to do.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  DisabledRepoError,
  downloadSnapshot,
  EntryNotFoundError,
  fetchContent,
  fetchJson,
  GatedRepoError,
  HubError,
  HubHttpError,
  RepositoryNotFoundError,
  RevisionNotFoundError,
  UnreachableError,
} from '../../lib/hub';
import { ID, LoopbackHub, type Rule } from './loopback-hub';
import { scenarioEnvironment, withEnvironment } from './run-scenario';
import { CONTENT, FILES, WEIGHTS } from './scenarios';

const WANTED = { files: FILES, weights: WEIGHTS.map((name) => ({ name })) };
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'hub-refusals-'));
let hub: LoopbackHub;
before(async () => {
  hub = await LoopbackHub.start();
});
after(async () => {
  await hub.stop();
  fs.rmSync(work, { recursive: true, force: true });
});

const run = <T>(rules: Rule[], env: Record<string, string>, call: () => Promise<T>): Promise<T> => {
  hub.content = { ...CONTENT, rules };
  return withEnvironment(scenarioEnvironment(hub, { name: '', env }, work), call);
};
const load = (rule: Rule, env: Record<string, string> = {}): Promise<string> =>
  run([{ host: 'hub', ...rule }], env, () =>
    downloadSnapshot(ID, WANTED, { cache_dir: fs.mkdtempSync(path.join(work, 'cache-')) }),
  );
const says = (code: string | undefined, message: string): Readonly<Record<string, string>> => ({
  ...(code !== undefined && { 'X-Error-Code': code }),
  'X-Error-Message': message,
});

type ErrorClass = new (...given: never[]) => Error;
const CASES: readonly [what: string, rule: Rule, error: ErrorClass, advice: RegExp, token?: string][] = [
  [
    'gated, without a login',
    { status: 401, headers: says('GatedRepo', 'You must log in.') },
    GatedRepoError,
    /Accept the conditions on \S+\/Some-Org\/blip\.test.*Log in with "hf auth login", or set HF_TOKEN/,
  ],
  [
    'gated, with a login',
    { status: 403, headers: says('GatedRepo', 'Not in the list.') },
    GatedRepoError,
    /Accept the conditions.*The token from HF_TOKEN was sent: check that its account has access/,
    'hf_x',
  ],
  [
    'disabled',
    { status: 403, headers: says(undefined, 'Access to this resource is disabled.') },
    DisabledRepoError,
    /disabled this repository.*Choose another one/,
  ],
  [
    'for legal reasons',
    { status: 451, headers: says(undefined, 'Unavailable.') },
    HubHttpError,
    /legal reasons, perhaps only in your country/,
  ],
  [
    'no repository, without a login',
    { status: 401, headers: says('RepoNotFound', 'Repository not found') },
    RepositoryNotFoundError,
    /no such repository, or it is private.*spelling.*set HF_TOKEN/,
  ],
  [
    'no repository, with a login',
    { status: 404, headers: says('RepoNotFound', 'Repository not found') },
    RepositoryNotFoundError,
    /spelling of the id\. The token from HF_TOKEN was sent/,
    'hf_x',
  ],
  ['a bare 401', { status: 401 }, RepositoryNotFoundError, /spelling/],
  [
    'a token that is not valid',
    { status: 401, headers: says(undefined, 'Invalid credentials in Authorization header') },
    HubHttpError,
    /does not accept the token from HF_TOKEN.*Create a new one at \S+, or remove it/,
    'hf_x',
  ],
  [
    'no revision',
    { status: 404, headers: says('RevisionNotFound', 'Invalid rev id: main') },
    RevisionNotFoundError,
    /has no revision "main".*refs\/pr\/<number>/,
  ],
  [
    'no file',
    { status: 404, headers: says('EntryNotFound', 'Entry not found') },
    EntryNotFoundError,
    /has no file config\.json at main.*tree\/main/,
  ],
  ['a bare 404', { status: 404 }, EntryNotFoundError, /config\.json at main.*Check the id and the revision/],
  [
    'forbidden',
    { status: 403, headers: says(undefined, 'Your token lacks a right.') },
    HubHttpError,
    /access was refused.*The token from HF_TOKEN was sent/,
    'hf_x',
  ],
  ['something else', { status: 410, headers: says(undefined, 'Gone.') }, HubHttpError, /status 410.*for config\.json/],
];

describe('a refusal', () => {
  for (const [what, rule, ErrorType, advice, token] of CASES)
    it(`${what}: asked once; its own class, the hub's sentence, what to do`, async () => {
      await assert.rejects(load(rule, token === undefined ? {} : { HF_TOKEN: token }), (error: unknown) => {
        assert.ok(error instanceof HubHttpError && error instanceof HubError, String(error));
        assert.equal(error.name, ErrorType.name);
        assert.match(error.message, /^Some-Org\/blip\.test: /);
        assert.match(error.message, advice);
        const sentence = rule.headers?.['X-Error-Message'];
        if (sentence !== undefined)
          assert.ok(error.message.includes(`got status ${rule.status}: "${sentence}"`), error.message);
        assert.equal(error.status, rule.status);
        assert.equal(error.serverMessage, sentence);
        assert.ok(!error.message.includes('hf_x'), 'never the token itself');
        return true;
      });
      assert.equal(hub.log.length, 1);
    });

  it('whose sentence holds control characters or is very long is shown on one line', async () => {
    await assert.rejects(
      load({ status: 403, headers: says(undefined, `\tred \u009b31m${'x'.repeat(1000)}`) }),
      (error: unknown) => {
        assert.ok(error instanceof HubHttpError);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
        assert.ok(error.message.length < 800);
        return true;
      },
    );
  });

  it('of an address says what to do about that', async () => {
    const page = await run([], {}, async () => hub.address('mirror'));
    await assert.rejects(
      run([{ host: 'mirror', status: 404 }], {}, () => fetchContent(`${page}/demo.jpg`, { maxBytes: 10 })),
      /demo\.jpg: got status 404\. Check the address/,
    );
  });
});

describe('an answer that is none', () => {
  it('a login page of a network', async () => {
    await assert.rejects(
      load({ status: 200, body: '<html>Sign in</html>' }),
      (error: unknown) =>
        error instanceof UnreachableError && /lacks the headers of a hub.*HF_ENDPOINT.*login page/.test(error.message),
    );
  });

  it('redirects without end, to another protocol, to nothing', async () => {
    await assert.rejects(load({ status: 307, headers: { Location: '{hub}{path}' } }), /redirected more than 20 times/);
    await assert.rejects(
      load({ status: 302, headers: { Location: 'ftp://example.org/x' } }),
      /redirected to "ftp:\/\/example\.org\/x"; expected an http or https address/,
    );
    await assert.rejects(load({ status: 302, headers: { Location: 'http://[' } }), /redirected to "http:\/\/\["/);
    await assert.rejects(load({ status: 302 }), UnreachableError);
  });

  it('names that would lead out of the cache', async () => {
    const answers: Record<string, string>[] = [
      { 'X-Repo-Commit': '../../x', ETag: '"a"' },
      { 'X-Repo-Commit': 'a'.repeat(40), ETag: '"../../x"' },
      { 'X-Repo-Commit': 'a'.repeat(40), ETag: `"${'a'.repeat(300)}"` },
      { 'X-Repo-Commit': 'a'.repeat(40), ETag: '".."' },
      { 'X-Repo-Commit': 'a'.repeat(40) },
    ];
    for (const headers of answers)
      await assert.rejects(load({ status: 200, headers, body: '{}' }), /lacks the headers of a hub/);
  });

  it('more than was to be expected; no JSON; a compression that was not asked for', async () => {
    const url = await run([], {}, async () => `${hub.address('hub')}/${ID}/resolve/main/model.safetensors`);
    await assert.rejects(
      run([], {}, () => fetchContent(url, { maxBytes: 1000 })),
      /sends more than/,
    );
    await assert.rejects(
      run([], {}, () => fetchJson(`${hub.address('hub')}/${ID}/resolve/main/vocab.txt`, {})),
      /expected JSON/,
    );
    await assert.rejects(
      load({ method: 'GET', path: 'config', headers: { 'Content-Encoding': 'zstd' } }),
      /compressed with "zstd".*expected gzip, deflate, br or none/,
    );
  });
});

describe('variables that hold something else', () => {
  for (const [env, message] of [
    [{ HF_ENDPOINT: 'hf-mirror.com' }, /HF_ENDPOINT is "hf-mirror\.com"; expected a web address such as/],
    [{ HUB_TRUSTED_ENDPOINTS: 'https://a, b' }, /HUB_TRUSTED_ENDPOINTS is " b"; expected a web address/],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: 'soon' }, /HF_HUB_DOWNLOAD_TIMEOUT is "soon"; expected a number of seconds/],
    [{ HF_HUB_ETAG_TIMEOUT: '-1' }, /HF_HUB_ETAG_TIMEOUT is "-1"; expected a number of seconds/],
    [{ HF_TOKEN: '“hf_abc”' }, /^HF_TOKEN: is not a login token: its 8 characters/],
    [{ HF_TOKEN_PATH: work }, /the login token cannot be read: it is a folder.*hf auth login/],
  ] as const)
    it(JSON.stringify(env), async () => {
      await assert.rejects(load({}, env), (error: unknown) => error instanceof HubError && message.test(error.message));
      assert.ok(hub.log.length <= 1);
    });

  it('an empty one counts as unset', async () => {
    const env = {
      HF_ENDPOINT: '',
      HF_HUB_OFFLINE: '',
      HF_HUB_DOWNLOAD_TIMEOUT: '',
      HF_TOKEN_PATH: '',
      HF_HUB_CACHE: '',
    };
    const { hubEndpoint } = await import('../../lib/hub');
    assert.equal(await run([], env, async () => hubEndpoint()), 'https://huggingface.co');
  });
});
