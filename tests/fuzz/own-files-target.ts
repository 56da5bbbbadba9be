// Fuzz target: the files that this library writes and reads back, damaged: the manifest of a model folder, the memory
// of digests, locks, results of a notebook, a graph, and the references of a hub cache.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isLocked } from '../../lib/core/with-lock';
import { downloadSnapshot } from '../../lib/hub';
import { irStatistics } from '../../lib/ir';
import { verifyModelFolder } from '../../lib/model-folder';
import { readMemory } from '../../lib/model-folder/digest-memory';
import { optimizeResults, readResults, reportLines } from '../../lib/notebook';
import { mutateBytes } from './mutate-bytes';
import { mutateJSON } from './mutate-json';
import type { Random } from './random';
import type { FuzzTarget } from './target';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const GRAPH = Buffer.from(`<?xml version="1.0"?>
<net name="x" version="11">
  <layers>
    <layer id="0" name="w" type="Const" version="opset1">
      <data element_type="u8" shape="2, 2" offset="0" size="4"/>
    </layer>
    <layer id="1" name="q" type="FakeQuantize" version="opset1"><data levels="256"/></layer>
  </layers>
</net>
`);
const BIN = Buffer.from('weights');

interface Kind {
  readonly name: string;
  make(random: Random): Buffer;
  run(file: string, folder: string): Promise<unknown> | unknown;
}

const json = (value: unknown) => (random: Random) => mutateJSON(JSON.stringify(value), random);
const text = (value: string) => (random: Random) => mutateBytes(Buffer.from(value), random);

/** Calls with a variable of the environment set, which is read at each call. */
async function withVariable(name: string, value: string, call: () => Promise<unknown> | unknown): Promise<void> {
  const was = process.env[name];
  process.env[name] = value;
  try {
    await call();
  } finally {
    if (was === undefined) delete process.env[name];
    else process.env[name] = was;
  }
}

const KINDS: readonly Kind[] = [
  {
    name: 'blip_manifest.json',
    make: json({
      format: 1,
      made_by: 'convertBlip',
      checkpoint: { id: 'a/b', commit: COMMIT },
      versions: { 'blip-openvino': '0.1.0' },
      options: { compress_to_fp16: true },
      files: {
        'blip_vision_model.bin': {
          size: BIN.length,
          sha256: createHash('sha256').update(BIN).digest('hex'),
        },
      },
    }),
    run: (_file, folder) => {
      fs.writeFileSync(path.join(folder, 'blip_vision_model.bin'), BIN);
      return verifyModelFolder(folder);
    },
  },
  {
    name: 'digests.txt',
    make: text(`1-2-3-4-5 ${'ab'.repeat(32)}\n6-7-8-9-10 ${'cd'.repeat(32)}\n`),
    run: (_file, folder) =>
      withVariable('BLIP_CACHE', folder, async () => {
        for (const [identity, digest] of await readMemory())
          if (!/^[\d-]+$/.test(identity) || !/^[0-9a-f]{64}$/.test(digest))
            throw new TypeError(`${identity} ${digest}`);
      }),
  },
  {
    name: '.blip_folder.lock',
    make: json({ pid: 1, space: '1f3a90c2', start: '8812034', id: 'x' }),
    run: (file) => isLocked(file),
  },
  {
    name: 'results',
    make: json({ model: 'm', accuracy: { before: 1, after: 0.5 }, compression: 1.9, speedup: { caption: 1.1 } }),
    run: (file, folder) => {
      const place = path.join(folder, 'output', 'results');
      fs.mkdirSync(place, { recursive: true });
      fs.renameSync(file, path.join(place, 'optimize.json'));
      return withVariable('BLIP_OUTPUT', path.join(folder, 'output'), () =>
        reportLines(optimizeResults(readResults('optimize'))),
      );
    },
  },
  {
    name: 'graph.xml',
    make: (random) => mutateBytes(GRAPH, random),
    run: (file) => {
      fs.writeFileSync(file.replace('.xml', '.bin'), BIN);
      return irStatistics(file);
    },
  },
  {
    name: 'refs-main',
    make: text(COMMIT),
    run: async (file, folder) => {
      const store = path.join(folder, 'models--a--b');
      fs.mkdirSync(path.join(store, 'refs'), { recursive: true });
      fs.mkdirSync(path.join(store, 'snapshots', COMMIT), { recursive: true });
      fs.writeFileSync(path.join(store, 'snapshots', COMMIT, 'config.json'), '{}');
      fs.renameSync(file, path.join(store, 'refs', 'main'));
      const found = await downloadSnapshot(
        'a/b',
        { files: [{ name: 'config.json', required: true }], weights: [] },
        { cache_dir: folder, local_files_only: true },
      );
      if (!path.resolve(found).startsWith(path.join(store, 'snapshots'))) throw new TypeError(`outside: ${found}`);
    },
  },
];

export const ownFilesTarget: FuzzTarget = {
  name: 'own-files',
  make(random) {
    const kind = random.pick(KINDS);
    return { name: kind.name, bytes: kind.make(random) };
  },
  async run({ name }, folder) {
    const kind = KINDS.find((each) => each.name === name);
    if (!kind) throw new TypeError(`no kind ${name}`);
    await kind.run(path.join(folder, name), folder);
  },
};
