// Fuzz target: one of a checkpoint's side files is odd; configuration, image processor and tokenizer are read, and a
// text is encoded.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseBlipConfig, SIDE_FILES } from '../../lib/checkpoint';
import { readWeightIndex } from '../../lib/checkpoint/weight-index';
import { readJSON } from '../../lib/core/read-json';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';
import { mutateJSON } from './mutate-json';
import type { FuzzTarget } from './target';

const BUNDLED = path.join(projectRoot(), 'tests', 'fixtures', 'side-files');
const INDEX = 'model.safetensors.index.json';
/** Side files that the bundled model does not have. */
const OTHERS: Readonly<Record<string, string>> = {
  'added_tokens.json': '{"[DEC]":183,"[ENC]":184}',
  'special_tokens_map.json':
    '{"bos_token":"[DEC]","additional_special_tokens":["[ENC]"],"cls_token":{"content":"[CLS]","lstrip":false}}',
  'processor_config.json':
    '{"image_processor":{"size":{"height":128,"width":128},"image_mean":[0.5,0.5,0.5],"resample":3}}',
  'generation_config.json': '{"max_length":20,"num_beams":3}',
  [INDEX]: '{"metadata":{"total_size":8},"weight_map":{"a":"model-00001-of-00002.safetensors"}}',
};
const NAMES = [...SIDE_FILES.map(({ name }) => name).filter((name) => name.endsWith('.json')), INDEX];

function sourceOf(name: string): string {
  const bundled = path.join(BUNDLED, name);
  return fs.existsSync(bundled) ? fs.readFileSync(bundled, 'utf8') : (OTHERS[name] ?? '{}');
}

export const sideFilesTarget: FuzzTarget = {
  name: 'side-files',
  make(random) {
    const name = random.pick(NAMES);
    return { name, bytes: mutateJSON(sourceOf(name), random) };
  },
  async run({ name }, folder) {
    for (const { name: other } of SIDE_FILES) {
      const bundled = path.join(BUNDLED, other);
      if (other !== name && fs.existsSync(bundled)) fs.copyFileSync(bundled, path.join(folder, other));
    }
    if (name === INDEX) return void readWeightIndex(path.join(folder, name));
    const config = path.join(folder, 'config.json');
    parseBlipConfig(readJSON(config), config);
    const processor = await BlipProcessor.fromCheckpoint(folder);
    processor.text('how many dogs are in the picture?');
  },
};
