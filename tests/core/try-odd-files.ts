// try-odd-files.ts MODEL ODD PLACE: puts the odd file ODD where each kind of file belongs, and has it read. Prints a
// line for each case, and one for what ends otherwise than with a result or an error of the library.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { loadCheckpoint, openPyTorchFile, openSafetensors } from '../../lib/checkpoint';
import { BlipError } from '../../lib/core/errors';
import { readJsonArray } from '../../lib/datasets/read-json-array';
import { openByteSource } from '../../lib/hub/byte-source';
import { OVBlipModel } from '../../lib/generation';
import { readLoginToken } from '../../lib/hub';
import { irStatistics } from '../../lib/ir';
import { verifyModelFolder } from '../../lib/model-folder';
import { BlipProcessor, loadRgb } from '../../lib/preprocessing';
import { readIndexFile } from '../../lib/search/index-file';
import { readMemory } from '../../lib/model-folder/digest-memory';

type Try = (odd: string, put: (name: string) => string) => unknown;

/** A file of a model folder. */
const loads = (name: string): [string, Try] => [name, (_odd, put) => OVBlipModel.load(put(name))];

export const ODD_FILES: readonly (readonly [name: string, run: Try])[] = [
  loads('config.json'),
  loads('blip_manifest.json'),
  loads('blip_text_decoder.xml'),
  loads('blip_text_decoder.bin'),
  loads('blip_vision_model.xml'),
  loads('blip_vision_model.bin'),
  ['vocab.txt', (_odd, put) => BlipProcessor.fromPretrained(put('vocab.txt'))],
  ['tokenizer.json', (_odd, put) => BlipProcessor.fromPretrained(put('tokenizer.json'))],
  ['preprocessor_config.json', (_odd, put) => BlipProcessor.fromPretrained(put('preprocessor_config.json'))],
  ['verify: manifest', (_odd, put) => verifyModelFolder(put('blip_manifest.json'))],
  ['verify: graph', (_odd, put) => verifyModelFolder(put('blip_text_decoder.xml'))],
  ['checkpoint', (odd) => loadCheckpoint(odd)],
  ['safetensors', (odd) => openSafetensors(odd)],
  ['pytorch', (odd) => openPyTorchFile(odd)],
  ['image', (odd) => loadRgb(odd)],
  ['graph', (odd) => irStatistics(odd)],
  ['parquet', (odd) => openByteSource(odd)],
  ['index', (odd) => readIndexFile(odd)],
  ['questions', (odd) => readJsonArray(odd, 'questions').next()],
  [
    'digests',
    (odd) => {
      process.env.BLIP_CACHE = path.dirname(odd);
      fs.symlinkSync(odd, path.join(path.dirname(odd), 'digests.txt'));
      return readMemory();
    },
  ],
  [
    'login',
    (odd) => {
      process.env.HF_TOKEN_PATH = odd;
      return readLoginToken();
    },
  ],
];

async function main(): Promise<void> {
  const [model, odd, place] = process.argv.slice(2);
  for (const [name, run] of ODD_FILES) {
    console.log(`tried ${name}`);
    const put = (file: string): string => {
      const folder = fs.mkdtempSync(path.join(place, 'model-'));
      fs.cpSync(model, folder, { recursive: true });
      fs.rmSync(path.join(folder, file), { force: true });
      fs.symlinkSync(odd, path.join(folder, file));
      return folder;
    };
    try {
      const result = await run(odd, put);
      if (typeof result === 'object' && result !== null && 'dispose' in result && typeof result.dispose === 'function')
        result.dispose();
    } catch (error) {
      if (!(error instanceof BlipError))
        console.log(`problem ${name}: ${error instanceof Error ? error.stack : String(error)}`.replace(/\n/g, ' | '));
    }
  }
  process.exit(0);
}

if (require.main === module) void main();
