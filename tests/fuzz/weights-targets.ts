// Fuzz targets: files of weights, opened and read to the last tensor.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { openPyTorchFile, openSafetensors, type WeightsFile } from '../../lib/checkpoint';
import { projectRoot } from '../project-root';
import { mutateBytes } from './mutate-bytes';
import { makeSafetensors } from './safetensors-files';
import type { FuzzTarget } from './target';

const PYTORCH = path.join(projectRoot(), 'tests', 'fixtures', 'pytorch');
/** Of a view that repeats few stored values, not all of its values are read. */
const MAX_READ = 2 ** 24;

function readAll(file: WeightsFile): void {
  try {
    for (const tensor of file.tensors.values())
      if (tensor.byteLength <= MAX_READ && tensor.bytes().length !== tensor.byteLength)
        throw new TypeError(`${tensor.name} has another length than it says`);
  } finally {
    file.close();
  }
}

export const safetensorsTarget: FuzzTarget = {
  name: 'safetensors',
  make: (random) => ({ name: 'model.safetensors', bytes: makeSafetensors(random) }),
  run: ({ name }, folder) => readAll(openSafetensors(path.join(folder, name))),
};

export const pytorchTarget: FuzzTarget = {
  name: 'pytorch',
  make(random) {
    const names = fs.readdirSync(PYTORCH).filter((name) => name.endsWith('.bin'));
    const bytes = mutateBytes(fs.readFileSync(path.join(PYTORCH, random.pick(names.sort()))), random);
    return { name: 'pytorch_model.bin', bytes };
  },
  run: ({ name }, folder) => readAll(openPyTorchFile(path.join(folder, name))),
};
