// The INT8 part of verifyCheckpoint: takes the INT8 model from the cache or makes it, and compares what it writes.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeQuietly } from '../core/remove-quietly';
import { temporaryFolder } from '../core/temporary-folder';
import type { LoadCheckpointOptions } from '../checkpoint';
import { BlipError } from '../core/errors';
import { pipInstall, pythonPackages } from '../core/find-python';
import { loadVqaSamples } from '../datasets';
import { modelCacheFolder } from '../convert';
import { quantizeBlip } from '../optimize';
import type { ImageSource } from '../preprocessing';
import { checkCases } from './check-cases';
import type { PublishedCase, PublishedResults } from './published-results';
import { runPublishedCases, type CaseResult } from './run-published-cases';
import type { VerifyOptions } from './verify-options';
import { sizeRows, timeRow, type MakeRow, type VerifyRow } from './verify-rows';

export interface QuantizedInputs {
  readonly idOrFolder: string;
  readonly source: LoadCheckpointOptions;
  /** The FP16 model. */
  readonly folder: string;
  readonly results: PublishedResults;
  readonly picture: ImageSource;
  /** The FP16 model's output, in f32. */
  readonly reference: readonly CaseResult[];
  readonly options: VerifyOptions;
}

const DATASET = 'lmms-lab/VQAv2';
const SUBSET_SIZE = 300;
/** Of a probability: what 8 bits cost a sure answer. */
const SCORE_TOLERANCE = 0.05;
const DEFAULT_RUNS = 5;

/** Yields nothing but rows: what the library explains is one of them, and fails where INT8 was insisted on. */
export async function* verifyQuantized(row: MakeRow, inputs: QuantizedInputs): AsyncGenerator<VerifyRow> {
  const { options } = inputs;
  const { int8 = 'auto', signal } = options;
  if (int8 === false) return yield row('INT8', 'not checked', { note: 'it was to be left out' });
  // A model of few samples is a trial: it must not be what dtype 'int8' finds later.
  const isTrial = (options.quantize?.subset_size ?? SUBSET_SIZE) < SUBSET_SIZE;
  const temporary = isTrial ? await temporaryFolder('blip-verify-') : undefined;
  try {
    let made: string;
    try {
      const found = await findOrMake(inputs, temporary);
      if ('problem' in found) return yield row('INT8', 'not checked', { note: found.problem });
      made = found.folder;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof BlipError) || int8 === true) throw error;
      return yield row('INT8', 'not checked', { note: error.message });
    }
    yield row('quantization to INT8', 'pass', { got: made });
    yield* compareQuantized(row, made, inputs);
  } finally {
    if (temporary !== undefined) await removeQuietly(temporary);
  }
}

async function* compareQuantized(row: MakeRow, made: string, inputs: QuantizedInputs): AsyncGenerator<VerifyRow> {
  const { results, picture, reference, options } = inputs;
  const { device = 'CPU', runs = DEFAULT_RUNS, signal } = options;
  yield* sizeRows(row, made, 'int8', results);
  const quantized = await runPublishedCases(made, results.cases, picture, { device, runs, signal });
  const how = quantized.precision === 'unknown' ? 'INT8' : `INT8, ${quantized.precision}`;
  const cases = results.cases.map((each, i) => orReference(each, reference[i]));
  for (const [i, checked] of checkCases(cases, quantized.cases, how, SCORE_TOLERANCE).entries()) {
    const { title, status, ...more } = checked;
    if (isPublished(results.cases[i])) yield row(title, status, more);
    else yield row(title, 'info', { ...more, note: status === 'pass' ? 'as FP16' : 'differs from FP16; no failure' });
  }
  for (const { case: each, milliseconds } of quantized.cases)
    if (milliseconds !== undefined) yield timeRow(row, each, how, milliseconds);
}

function isPublished({ ids, score }: PublishedCase): boolean {
  return ids !== undefined || score !== undefined;
}

/** Where nothing is published, INT8 is compared with FP16. */
function orReference(each: PublishedCase, { ids, score }: CaseResult): PublishedCase {
  if (isPublished(each)) return each;
  return { ...each, ...(ids && { ids: [ids] }), ...(score !== undefined && { score }) };
}

async function findOrMake(
  { idOrFolder, source, folder, options }: QuantizedInputs,
  temporary: string | undefined,
): Promise<{ folder: string } | { problem: string }> {
  const { int8 = 'auto', quantize = {}, signal, progress_callback } = options;
  const target = temporary ?? (await modelCacheFolder(idOrFolder, { ...source, dtype: 'int8' }));
  if (fs.existsSync(path.join(target, 'blip_vision_model.xml'))) return { folder: target };
  if (int8 === 'auto' && pythonPackages('nncf').next().done)
    return { problem: `NNCF is not installed. Run: ${pipInstall('nncf', 'openvino')}` };
  const { dataset = process.env.BLIP_DATASET || DATASET, subset_size = SUBSET_SIZE } = quantize;
  const { samples } = await loadVqaSamples(dataset, { split: 'train', count: subset_size, progress_callback, signal });
  await quantizeBlip(folder, samples, target, { subset_size, progress_callback, signal });
  return { folder: target };
}
