// Adapters of PEFT (LoRA and its kind): small weights that mean nothing without the checkpoint that they change. They
// are not read here, but told apart from a checkpoint that is incomplete.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isRecord } from '../core/is-record';
import { quote } from '../core/quote';
import { readJSON } from '../core/read-json';
import { CheckpointError } from './errors';

export const ADAPTER_FILE = 'adapter_config.json';

/** What PEFT calls the tensors of its adapters, and the layers that they stand in front of. */
const ADAPTER_PARTS = [
  'base_layer',
  'lora_[AB]',
  'lora_embedding_[AB]',
  'lora_magnitude_vector',
  'ia3_l',
  'hada_w[12]_[ab]',
  'oft_[rR]',
  'vera_lambda_[bd]',
  'modules_to_save',
];
const ADAPTER_NAME = new RegExp(`\\.(${ADAPTER_PARTS.join('|')})(\\.|$)`);

/** Whether tensors are those of a model with an adapter in it, saved without merging. */
export function hasAdapter(names: Iterable<string>): boolean {
  for (const name of names) if (ADAPTER_NAME.test(name)) return true;
  return false;
}

/** @returns undefined when there is no adapter in the folder @param what names it in the message */
export function explainAdapter(folder: string, what = folder): string | undefined {
  const file = path.join(folder, ADAPTER_FILE);
  return fs.existsSync(file)
    ? `${what}: is an adapter of PEFT (${ADAPTER_FILE})${baseOf(file)}, which holds changes to a checkpoint and no ` +
        `checkpoint. ${MERGE}`
    : undefined;
}

/** For weights that were saved with an adapter in them. @param file that holds them */
export function explainUnmerged(file: string): string {
  return `${file}: holds the layers of a PEFT adapter beside those that they change. ${MERGE}`;
}

const MERGE =
  'Merge it first, in Python: PeftModel.from_pretrained(base, ' +
  'adapter).merge_and_unload().save_pretrained(folder), with the processor beside.';

function baseOf(file: string): string {
  try {
    const json = readJSON(file, { error: CheckpointError });
    const base = isRecord(json) ? json.base_model_name_or_path : undefined;
    return typeof base === 'string' && base !== '' ? ` for ${quote(base)}` : '';
  } catch (error) {
    if (error instanceof CheckpointError) return ''; // the file only makes the message more precise
    throw error;
  }
}
