// Situations in which a client meets a hub: plain data, run both with this library and, to record what is right, with
// huggingface_hub.
import type { HubContent, Rule } from './loopback-hub';
import { FORMER_ID, MIRROR_PATH, patternBytes } from './loopback-hub';

export interface Scenario {
  readonly name: string;
  readonly rules?: readonly Rule[];
  /** `{hub}`, `{mirror}`, `{proxy}`, `{home}` stand for addresses and for a fresh folder. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files below the fresh folder, before the call. */
  readonly home?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly revision?: string;
  readonly token?: string;
  readonly login?: string;
  readonly proxyLogin?: string;
  /** Fetched once without disturbance before. */
  readonly cached?: boolean;
  readonly local_files_only?: boolean;
  /** What comes of it here, where that is not as with huggingface_hub. */
  readonly expected?: string;
  /** Why. */
  readonly differs?: string;
  /** Python's client is not asked: it would wait for minutes, or cannot be told so. */
  readonly ownOnly?: boolean;
}

/** In the order in which they are asked for; the second is not there. */
export const FILES = [
  { name: 'config.json', required: true },
  { name: 'added_tokens.json', required: false },
  { name: 'vocab.txt', required: false },
];
export const WEIGHTS = ['model.safetensors', 'pytorch_model.bin'];

export const CONTENT: HubContent = {
  files: {
    'config.json': Buffer.from('{"model_type":"blip"}\n'),
    'vocab.txt': Buffer.from('[PAD]\n[UNK]\n'.repeat(100)),
    'model.safetensors': patternBytes(200_000),
  },
  large: ['model.safetensors'],
};

const TOKEN = 'hf_abcDEF';
const gated = 'Access to model Some-Org/blip.test is restricted and you are not in the authorized list.';

export const SCENARIOS: readonly Scenario[] = [
  { name: 'plain' },
  { name: 'revision: a pull request', revision: 'refs/pr/1' },
  { name: 'revision: a tag', revision: 'v1.0' },
  { name: 'revision: a commit', revision: '0123456789abcdef0123456789abcdef01234567' },

  { name: 'revision: a branch with a slash', revision: 'feature/x' },
  { name: 'revision: a short commit', revision: '0123456' },
  { name: 'a repository that was renamed', id: FORMER_ID, token: TOKEN, env: { HF_TOKEN: TOKEN } },

  { name: 'token: HF_TOKEN', token: TOKEN, env: { HF_TOKEN: TOKEN } },
  { name: 'token: HF_TOKEN with spaces and line ends', token: TOKEN, env: { HF_TOKEN: `  ${TOKEN}\r\n` } },
  { name: 'token: HUGGING_FACE_HUB_TOKEN', token: TOKEN, env: { HUGGING_FACE_HUB_TOKEN: TOKEN } },
  {
    name: 'token: HF_TOKEN before HUGGING_FACE_HUB_TOKEN',
    token: TOKEN,
    env: { HF_TOKEN: TOKEN, HUGGING_FACE_HUB_TOKEN: 'hf_other' },
  },
  {
    name: 'token: HF_TOKEN_PATH',
    token: TOKEN,
    env: { HF_TOKEN_PATH: '{home}/secret' },
    home: { secret: `${TOKEN}\n` },
  },
  { name: 'token: HF_HOME/token', token: TOKEN, env: { HF_HOME: '{home}/hf' }, home: { 'hf/token': ` ${TOKEN}\n` } },
  {
    name: 'token: XDG_CACHE_HOME',
    token: TOKEN,
    env: { XDG_CACHE_HOME: '{home}/xdg' },
    home: { 'xdg/huggingface/token': TOKEN },
  },
  { name: 'token: ~/.cache/huggingface/token', token: TOKEN, home: { '.cache/huggingface/token': TOKEN } },
  {
    name: 'token: a tilde and a variable in HF_HOME',
    token: TOKEN,
    env: { HF_HOME: '~/$PLACE', PLACE: 'hf' },
    home: { 'hf/token': TOKEN },
  },
  {
    name: 'token: empty variables do not hide the file',
    token: TOKEN,
    env: { HF_TOKEN: '', HUGGING_FACE_HUB_TOKEN: '' },
    home: { '.cache/huggingface/token': TOKEN },
  },
  {
    name: 'token: blank HF_TOKEN does not hide the file',
    token: TOKEN,
    env: { HF_TOKEN: ' \n' },
    home: { '.cache/huggingface/token': TOKEN },
  },
  { name: 'token: HF_HUB_DISABLE_IMPLICIT_TOKEN', env: { HF_TOKEN: TOKEN, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' } },
  { name: 'token: none', token: TOKEN },
  {
    name: 'token: a wrong one',
    env: { HF_TOKEN: 'hf_wrong' },
    rules: [
      { host: 'hub', status: 401, headers: { 'X-Error-Message': 'Invalid credentials in Authorization header' } },
    ],
  },

  {
    name: 'proxy: HTTP_PROXY',
    env: { HF_ENDPOINT: 'http://hub.invalid', HTTP_PROXY: '{proxy}', NO_PROXY: 'localhost' },
  },
  {
    name: 'proxy: http_proxy',
    env: { HF_ENDPOINT: 'http://hub.invalid', http_proxy: '{proxy}', no_proxy: 'localhost' },
  },
  { name: 'proxy: ALL_PROXY', env: { HF_ENDPOINT: 'http://hub.invalid', ALL_PROXY: '{proxy}', NO_PROXY: 'localhost' } },
  { name: 'proxy: all_proxy', env: { HF_ENDPOINT: 'http://hub.invalid', all_proxy: '{proxy}' } },
  {
    name: 'proxy: lower case goes first',
    env: {
      HF_ENDPOINT: 'http://hub.invalid',
      http_proxy: '{proxy}',
      HTTP_PROXY: 'http://127.0.0.1:1',
      NO_PROXY: 'localhost',
    },
  },
  { name: 'proxy: NO_PROXY for everything', env: { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' } },
  {
    name: 'proxy: NO_PROXY for the host',
    env: { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'example.org, 127.0.0.1,localhost' },
  },
  {
    name: 'proxy: NO_PROXY for a network',
    env: { HTTP_PROXY: 'http://127.0.0.1:1', no_proxy: '127.0.0.0/8,localhost' },
  },
  { name: 'proxy: HTTPS_PROXY does not concern http', env: { HTTPS_PROXY: 'http://127.0.0.1:1' } },
  {
    name: 'proxy: user and password',
    proxyLogin: 'me:p@ss',
    env: { HF_ENDPOINT: 'http://hub.invalid', HTTP_PROXY: '{proxy=me:p%40ss}', NO_PROXY: 'localhost' },
  },
  {
    name: 'proxy: it gets the token only for the hub',
    token: TOKEN,
    env: { HF_TOKEN: TOKEN, HF_ENDPOINT: 'http://hub.invalid', HTTP_PROXY: '{proxy}' },
  },

  { name: 'refused: no such repository', id: 'Some-Org/other' },
  { name: 'refused: no such revision', revision: 'nothing' },
  {
    name: 'refused: gated',
    env: { HF_TOKEN: TOKEN },
    rules: [{ host: 'hub', status: 403, headers: { 'X-Error-Code': 'GatedRepo', 'X-Error-Message': gated } }],
  },
  {
    name: 'refused: gated, without a login',
    rules: [{ host: 'hub', status: 401, headers: { 'X-Error-Code': 'GatedRepo', 'X-Error-Message': gated } }],
  },
  {
    name: 'refused: disabled',
    expected: 'DisabledRepoError',
    rules: [{ host: 'hub', status: 403, headers: { 'X-Error-Message': 'Access to this resource is disabled.' } }],
    differs: 'hf_hub_download hides the reason behind LocalEntryNotFoundError',
  },
  {
    name: 'refused: forbidden',
    expected: 'HubHttpError',
    rules: [
      { host: 'hub', status: 403, headers: { 'X-Error-Message': 'Your token has no access to this organization.' } },
    ],
    differs: 'hf_hub_download hides the reason behind LocalEntryNotFoundError',
  },
  {
    name: 'refused: legal reasons',
    expected: 'HubHttpError',
    rules: [{ host: 'hub', status: 451, headers: { 'X-Error-Message': 'Unavailable for legal reasons' } }],
    differs: 'hf_hub_download hides the reason behind LocalEntryNotFoundError',
  },
  {
    name: 'refused: no such file',
    rules: [
      {
        host: 'hub',
        path: 'config.json',
        status: 404,
        headers: {
          'X-Error-Code': 'EntryNotFound',
          'X-Error-Message': 'Entry not found',
          'X-Repo-Commit': '0123456789abcdef0123456789abcdef01234567',
        },
      },
    ],
  },
  {
    name: 'refused, but cached: no such repository any more',
    expected: 'ok',
    differs: 'hf_hub_download gives the cached files, and fails for the one that is known not to exist',
    cached: true,
    rules: [
      {
        host: 'hub',
        status: 401,
        headers: { 'X-Error-Code': 'RepoNotFound', 'X-Error-Message': 'Repository not found' },
      },
    ],
  },
  {
    name: 'refused, but cached: gated since',
    expected: 'ok',
    differs: 'hf_hub_download gives the cached files, and fails for the one that is known not to exist',
    cached: true,
    rules: [{ host: 'hub', status: 403, headers: { 'X-Error-Code': 'GatedRepo', 'X-Error-Message': gated } }],
  },
  {
    name: 'refused, although cached: the revision is gone',
    cached: true,
    rules: [
      {
        host: 'hub',
        status: 404,
        headers: { 'X-Error-Code': 'RevisionNotFound', 'X-Error-Message': 'Invalid rev id: main' },
      },
    ],
  },

  { name: 'busy: 503 twice', rules: [{ host: 'hub', times: 2, status: 503 }] },
  {
    name: 'busy: 429 with Retry-After',
    rules: [{ host: 'hub', times: 1, skip: 1, status: 429, headers: { 'Retry-After': '1' } }],
  },
  {
    name: 'busy: 429 with RateLimit',
    rules: [
      {
        host: 'hub',
        times: 2,
        status: 429,
        headers: { RateLimit: '"api";r=0;t=1', 'RateLimit-Policy': '"fixed window";"api";q=500;w=300' },
      },
    ],
  },
  {
    name: 'busy: 503 with Retry-After while the content is fetched',
    rules: [{ host: 'content', times: 1, status: 429, headers: { 'Retry-After': '1' } }],
  },
  { name: 'busy, but cached', cached: true, rules: [{ host: 'hub', status: 503 }] },

  {
    name: 'transfer: breaks off twice',
    rules: [
      { host: 'content', times: 1, breakAfter: 70_000 },
      { host: 'content', times: 1, breakAfter: 50_000 },
    ],
  },
  {
    name: 'transfer: stalls',
    env: { HF_HUB_DOWNLOAD_TIMEOUT: '1' },
    rules: [{ host: 'content', times: 1, stallAfter: 70_000 }],
  },
  {
    name: 'transfer: ranges are ignored after a break',
    rules: [
      { host: 'content', times: 1, breakAfter: 70_000 },
      { host: 'content', ignoreRange: true },
    ],
  },
  { name: 'transfer: small files in gzip', rules: [{ host: 'hub', method: 'GET', gzip: true }] },
  {
    name: 'transfer: small files in gzip, in chunks',
    rules: [{ host: 'hub', method: 'GET', gzip: true, noLength: true }],
  },
  {
    name: 'transfer: small files in gzip, HEAD too',
    expected: 'ok',
    rules: [{ host: 'hub', path: 'vocab', gzip: true }],
    differs: 'hf_hub_download takes the length of what is compressed for that of the file',
  },
  { name: 'transfer: a weak ETag', rules: [{ host: 'hub', path: 'vocab', headers: { ETag: 'W/"5f3c-abc"' } }] },
  { name: 'transfer: an ETag without quotes', rules: [{ host: 'hub', path: 'vocab', headers: { ETag: '0bd2aa' } }] },
  {
    name: 'transfer: an ETag as Nexus writes it',
    rules: [{ host: 'hub', path: 'vocab', headers: { ETag: '"{SHA1{0bd2:aa}}"' } }],
  },
  {
    name: 'transfer: a file that Xet knows, fetched without it',
    env: { HF_HUB_DISABLE_XET: '1' },
    rules: [
      {
        host: 'hub',
        path: 'model.safetensors',
        headers: {
          'X-Xet-Hash': 'ab'.repeat(32),
          Link: '<{hub}/api/xet-read-token>; rel="xet-auth", <{content}/reconstruction>; rel="xet-reconstruction-info"',
        },
      },
    ],
  },
  {
    name: 'transfer: goes on with a part whose whole is not told',
    expected: 'ok',
    differs: 'hf_hub_download reads "*" as a number',
    rules: [
      { host: 'content', times: 1, breakAfter: 70_000 },
      { host: 'content', headers: { 'Content-Range': 'bytes 70000-199999/*' } },
    ],
  },
  {
    name: 'transfer: HEAD without a length, GET in chunks',
    rules: [
      { host: 'hub', path: 'vocab', noLength: true },
      { host: 'content', noLength: true },
    ],
  },
  {
    name: 'transfer: the signed address has expired',
    expected: 'ok',
    rules: [{ host: 'content', times: 1, status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }],
    differs: 'hf_hub_download gives up; the address is asked for anew here',
  },
  {
    name: 'transfer: the signed address expires after a break',
    expected: 'ok',
    rules: [
      { host: 'content', times: 1, breakAfter: 70_000 },
      { host: 'content', path: 'signature=1', status: 403 },
    ],
    differs: 'hf_hub_download gives up; the address is asked for anew here',
  },
  {
    name: 'transfer: other bytes than announced',
    expected: 'HubError',
    rules: [{ host: 'content', corrupt: true }],
    differs: 'hf_hub_download does not compare the SHA-256',
  },

  {
    name: 'mirror: a relative redirect',
    rules: [
      {
        host: 'hub',
        without: 'again',
        status: 307,
        headers: { Location: '{path}?again=1', 'X-Repo-Commit': '0123456789abcdef0123456789abcdef01234567' },
      },
    ],
  },
  {
    name: 'mirror: 308 to a host that is not the hub',
    expected: 'RepositoryNotFoundError',
    rules: [{ host: 'hub', status: 308, headers: { Location: '{mirror}{path}' } }],
    token: TOKEN,
    env: { HF_TOKEN: TOKEN },
    differs: 'followed here without the token: a public repository then loads, this one is refused by the mirror',
  },
  {
    name: 'mirror: 308 to a host that is not the hub, public',
    expected: 'ok',
    rules: [{ host: 'hub', status: 308, headers: { Location: '{mirror}{path}' } }],
    env: { HF_TOKEN: TOKEN },
    differs: 'followed here, without the token',
  },
  {
    name: 'mirror: 308 to a trusted host',
    expected: 'ok',
    ownOnly: true,
    rules: [{ host: 'hub', status: 308, headers: { Location: '{mirror}{path}' } }],
    token: TOKEN,
    env: { HF_TOKEN: TOKEN, HUB_TRUSTED_ENDPOINTS: 'https://example.org, {mirror}/' },
  },
  { name: 'mirror: HF_ENDPOINT with a path', env: { HF_ENDPOINT: `{hub}${MIRROR_PATH}/` } },
  {
    name: 'mirror: HF_ENDPOINT with a login, which goes before the token',
    login: 'me:p@ss',
    env: { HF_ENDPOINT: `{hub=me:p%40ss}${MIRROR_PATH}`, HF_TOKEN: TOKEN },
  },
  { name: 'mirror: HF_ENDPOINT with slashes at its end', env: { HF_ENDPOINT: '{hub}//' } },

  { name: 'offline: HF_HUB_OFFLINE, cached', cached: true, env: { HF_HUB_OFFLINE: '1' } },
  { name: 'offline: HF_HUB_OFFLINE, nothing cached', env: { HF_HUB_OFFLINE: 'yes' } },
  { name: 'offline: TRANSFORMERS_OFFLINE, cached', cached: true, env: { TRANSFORMERS_OFFLINE: 'true' } },
  { name: 'offline: local_files_only, cached', cached: true, local_files_only: true },
  { name: 'offline: local_files_only, nothing cached', local_files_only: true },
  { name: 'offline: the hub is gone, cached', cached: true, env: { HF_ENDPOINT: 'http://127.0.0.1:1' } },
  {
    name: 'not a hub: a login page',
    rules: [{ host: 'hub', status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Sign in</html>' }],
  },
  {
    name: 'not a hub: a login page, cached',
    cached: true,
    rules: [{ host: 'hub', status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Sign in</html>' }],
  },
];
