// Sets a scenario up, and reports what a client made of it in the form that make_hub.py records for huggingface_hub.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { downloadSnapshot, HubHttpError } from '../../lib/hub';
import { CONTENT, FILES, WEIGHTS, type Scenario } from './scenarios';
import { ID, sha256, type Host, type LoggedRequest, type LoopbackHub } from './loopback-hub';

/** What is compared. */
export interface Outcome {
  /** `ok`, or the class of the error. */
  readonly result: string;
  readonly serverMessage?: string;
  /** SHA-256 of each file in the snapshot. */
  readonly files: Readonly<Record<string, string>>;
  /** Where the links of the snapshot lead. */
  readonly links: Readonly<Record<string, string>>;
  readonly refs: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
  /** Names of the blobs: nothing unfinished is left. */
  readonly blobs: readonly string[];
  /** Which hosts were sent which token. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly proxied: boolean;
}

/** The variables that a client listens to: none of the person who runs the tests may have an effect. */
const LISTENED = new RegExp(
  '^(HF_|HUGGING|TRANSFORMERS_OFFLINE|XDG_CACHE_HOME|HUB_TRUSTED|SSL_CERT_|REQUESTS_CA|CURL_CA|BLIP_REVISION' +
    '|REQUEST_METHOD|(https?|all|no)_proxy$)',
  'i',
);

/** The environment of a scenario's client; makes the files in its home. */
export function scenarioEnvironment(
  hub: LoopbackHub,
  scenario: Scenario,
  home: string,
): Record<string, string | undefined> {
  for (const [name, text] of Object.entries(scenario.home ?? {})) {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    fs.writeFileSync(path.join(home, name), text);
  }
  const fill = (value: string): string =>
    value
      .replace('{home}', home)
      .replace(/\{(hub|proxy)=([^}]*)\}/, (_, host: Host | 'proxy', login: string) =>
        hub.address(host).replace('//', `//${login}@`),
      )
      .replace(/\{(hub|mirror|proxy)\}/g, (_, host: Host | 'proxy') => hub.address(host));
  const cleared = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => LISTENED.test(name))
      .map((name) => [name, undefined]),
  );
  const own = Object.entries(scenario.env ?? {}).map(([name, value]): [string, string] => [name, fill(value)]);
  return {
    ...cleared,
    HOME: home,
    USERPROFILE: home,
    HF_ENDPOINT: hub.address('hub'),
    HF_HUB_CACHE: path.join(home, 'cache'),
    ...Object.fromEntries(own),
  };
}

/** Runs `call` with these variables; undefined ones are unset. */
export async function withEnvironment<T>(
  environment: Readonly<Record<string, string | undefined>>,
  call: () => Promise<T>,
): Promise<T> {
  const saved = { ...process.env };
  const apply = (values: Readonly<Record<string, string | undefined>>): void => {
    for (const [name, value] of Object.entries(values))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
  apply(environment);
  try {
    return await call();
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
    apply(saved);
  }
}

/** Downloads with this library as the scenario says. */
export async function runScenario(hub: LoopbackHub, scenario: Scenario, home: string): Promise<Outcome> {
  const { id = ID, revision, token, login, proxyLogin, rules, local_files_only } = scenario;
  const wanted = { files: FILES, weights: WEIGHTS.map((name) => ({ name })) };
  if (scenario.cached) {
    hub.content = CONTENT;
    await withEnvironment(scenarioEnvironment(hub, { name: '', home: scenario.home }, home), () =>
      downloadSnapshot(id, wanted, { revision }),
    );
  }
  hub.content = { ...CONTENT, rules, token, login, proxyLogin };
  let result = 'ok';
  let serverMessage: string | undefined;
  await withEnvironment(scenarioEnvironment(hub, scenario, home), async () => {
    try {
      await downloadSnapshot(id, wanted, { revision, local_files_only });
    } catch (error) {
      result = error instanceof Error ? error.name : String(error);
      if (error instanceof HubHttpError) serverMessage = error.serverMessage;
    }
  });
  return {
    result,
    ...(serverMessage !== undefined && { serverMessage }),
    ...readCache(path.join(home, 'cache'), id),
    ...readLog(hub.log),
  };
}

function readCache(cache: string, id: string): Pick<Outcome, 'files' | 'links' | 'refs' | 'missing' | 'blobs'> {
  const store = path.join(cache, `models--${id.replace('/', '--')}`);
  const files: Record<string, string> = {};
  const links: Record<string, string> = {};
  for (const [name, file] of list(path.join(store, 'snapshots'))) {
    files[name] = sha256(fs.readFileSync(file));
    links[name] = fs.readlinkSync(file);
  }
  const refs = list(path.join(store, 'refs')).map(([name, file]) => [name, fs.readFileSync(file, 'utf8')]);
  const missing = list(path.join(store, '.no_exist')).map(([name]) => name);
  const blobs = list(path.join(store, 'blobs')).map(([name]) => name);
  return { files, links, refs: Object.fromEntries(refs), missing, blobs };
}

/** Names relative to the folder, in order, and paths. */
function list(folder: string): [string, string][] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .sort()
    .map((name): [string, string] => [name, path.join(folder, name)])
    .filter(([, file]) => !fs.statSync(file).isDirectory());
}

export function readLog(log: readonly LoggedRequest[]): Pick<Outcome, 'tokens' | 'proxied'> {
  const tokens = log.filter(({ token }) => token !== undefined).map(({ host, token = '' }) => [host, token]);
  return { tokens: Object.fromEntries(tokens.sort()), proxied: log.some(({ host }) => host === 'proxy') };
}
