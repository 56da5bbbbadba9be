// A fixture's checkpoint with changed tensors or config.json, as a folder of its own.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { openSafetensors } from '../../lib/checkpoint';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'checkpoints');

/** A tensor as safetensors stores it. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface Edits {
  /** Changes the tensors of model.safetensors, under their names. */
  readonly tensors?: (tensors: Map<string, StoredTensor>) => void;
  readonly config?: (config: Record<string, unknown>) => void;
}

/** Copies the fixture `name` into `folder`, changed. Returns the folder. */
export function editCheckpoint(name: string, folder: string, { tensors: change, config }: Edits): string {
  fs.mkdirSync(folder, { recursive: true });
  for (const file of ['config.json', 'generation_config.json'].filter((each) =>
    fs.existsSync(path.join(FIXTURES, name, each)),
  ))
    fs.copyFileSync(path.join(FIXTURES, name, file), path.join(folder, file));
  const source = openSafetensors(path.join(FIXTURES, name, 'model.safetensors'));
  const stored = [...source.tensors].map(([tensor, { dtype, shape, bytes }]): [string, StoredTensor] => [
    tensor,
    { dtype, shape, bytes: bytes.call(source.tensors.get(tensor)).slice() },
  ]);
  source.close();
  const tensors = new Map(stored);
  change?.(tensors);
  writeSafetensors(path.join(folder, 'model.safetensors'), tensors);
  const file = path.join(folder, 'config.json');
  const json: Record<string, unknown> = JSON.parse(fs.readFileSync(file, 'utf8'));
  config?.(json);
  fs.writeFileSync(file, JSON.stringify(json));
  return folder;
}

function writeSafetensors(file: string, tensors: ReadonlyMap<string, StoredTensor>): void {
  let end = 0;
  const header = Object.fromEntries(
    [...tensors].map(([name, { dtype, shape, bytes }]) => [
      name,
      { dtype, shape, data_offsets: [end, (end += bytes.length)] },
    ]),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  fs.writeFileSync(file, Buffer.concat([length, text, ...[...tensors.values()].map(({ bytes }) => bytes)]));
}
