// Checks a checkpoint's side files before its weights are fetched: what is wrong is told before 1.5 GB, not after.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { readJSON } from '../core/read-json';
import { parseBlipConfig, type BlipConfig } from './blip-config';
import { CONFIG_FILE, SIDE_FILES } from './checkpoint-files';
import { CheckpointError } from './errors';

/** Throws when a side file cannot be used. */
export type SideFileCheck = (folder: string, config: BlipConfig) => void | Promise<void>;

/** A tokenizer.json with a vocabulary for a hundred languages has 20 MB; BERT's has 0.7. */
const MAX_BYTES = 64 * 2 ** 20;

/** By name, so that a module that is evaluated twice (a notebook's kernel does that) does not check twice. */
const checks = new Map<string, SideFileCheck>();

/**
 * Lets a room further down, which reads a side file, check it here with its own parser: this room must not import that
 * one.
 *
 * @param name of the check; a second one of the same name replaces the first
 */
export function addSideFileCheck(name: string, check: SideFileCheck): void {
  checks.set(name, check);
}

/**
 * @param folder with all side files that the checkpoint has, perhaps without its weights
 * @throws {CheckpointError | BlipConfigError} and what the added checks throw
 */
export async function checkSideFiles(folder: string): Promise<void> {
  for (const { name } of SIDE_FILES) {
    const file = path.join(folder, name);
    if (name.endsWith('.json') && fs.existsSync(file))
      readJSON(file, {
        maxBytes: MAX_BYTES,
        error: CheckpointError,
        advice: 'Tell the owner of the checkpoint, or choose another revision.',
      });
  }
  const file = path.join(folder, CONFIG_FILE);
  const config = parseBlipConfig(readJSON(file, { error: CheckpointError }), file);
  for (const check of checks.values()) await check(folder, config);
}
