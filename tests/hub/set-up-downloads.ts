// What the tests of downloads share: a hub, a fresh cache for each test, and names for what lies in it.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { downloadSnapshot, type DownloadOptions, type SnapshotFiles } from '../../lib/hub';
import { ID, LoopbackHub, sha256, type Rule } from './loopback-hub';
import { scenarioEnvironment, withEnvironment } from './run-scenario';
import { CONTENT, FILES, WEIGHTS } from './scenarios';

export const WEIGHT = 'model.safetensors';
export const DATA = CONTENT.files[WEIGHT];
export const WANTED: SnapshotFiles = { files: FILES, weights: WEIGHTS.map((name) => ({ name })) };

export class Downloads {
  readonly work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-hub-'));
  cache = '';

  constructor(readonly hub: LoopbackHub) {
    this.renew();
  }

  renew(): void {
    this.hub.content = CONTENT;
    this.cache = fs.mkdtempSync(path.join(this.work, 'cache-'));
  }

  load(options: DownloadOptions = {}, wanted = WANTED, env: Record<string, string> = {}): Promise<string> {
    return withEnvironment(scenarioEnvironment(this.hub, { name: '', env }, this.work), () =>
      downloadSnapshot(ID, wanted, { cache_dir: this.cache, ...options }),
    );
  }

  disturb(...rules: Rule[]): void {
    this.hub.content = { ...CONTENT, rules };
  }

  get store(): string {
    return path.join(this.cache, 'models--Some-Org--blip.test');
  }

  blob(name = sha256(DATA)): string {
    return path.join(this.store, 'blobs', name);
  }

  incomplete(): string[] {
    return fs.readdirSync(path.join(this.store, 'blobs')).filter((name) => name.endsWith('.incomplete'));
  }

  /** The ranges that were asked of a host. */
  asked(host: string): (string | undefined)[] {
    return this.hub.log
      .filter((request) => request.host === host && request.method === 'GET')
      .map(({ range }) => range);
  }
}

/** Registers the hooks; use what it returns inside of tests only. */
export function setUpDownloads(): () => Downloads {
  let downloads: Downloads;
  before(async () => {
    downloads = new Downloads(await LoopbackHub.start());
  });
  beforeEach(() => downloads.renew());
  after(async () => {
    await downloads.hub.stop();
    fs.rmSync(downloads.work, { recursive: true, force: true });
  });
  return () => downloads;
}
