// What a notebook leaves for the next one, for the start command and for the tests: a JSON file per notebook,
// in the folder `results` of the output folder. Each says which model it belongs to.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { closestName } from '../core/edit-distance';
import { withLockSync } from '../core/with-lock-sync';
import { writeWhole } from '../core/write-whole';
import { describeValue } from '../core/describe-value';
import { BlipError } from '../core/errors';
import { writeAdvice } from '../core/explain-write-error';
import { isRecord } from '../core/is-record';
import { readJSON } from '../core/read-json';
import { runSettings } from './run-settings';

export class ResultsError extends BlipError {}

/** Which notebook writes which results, for the error message. */
const WRITERS: Readonly<Record<string, string>> = {
  convert: 'notebooks/233-blip-convert.ipynb',
  optimize: 'notebooks/233-blip-optimize.ipynb',
};

export type Results = Readonly<Record<string, unknown>>;

function fileOf(name: string): string {
  return path.resolve(runSettings().output, 'results', `${name}.json`);
}

/**
 * Adds to the results of this name, so that a run that ends early keeps its results: fields that the same model has
 * saved before stay. Results of another model are replaced. The file is written whole or not at all.
 *
 * @param results `model` is the checkpoint's id
 * @throws {ResultsError} when the file cannot be written
 * @example
 * saveResults('optimize', { model: checkpoint.id, sizes });
 * saveResults('optimize', { model: checkpoint.id, latency }); // beside the sizes
 */
export function saveResults(name: string, results: Results & { readonly model: string }): void {
  checkArguments('saveResults', { name: [name, 'path'], results: [results, ['model']] });
  const file = fileOf(name);
  const merge = (): void => {
    const earlier = fs.existsSync(file) ? readEarlier(file) : {};
    const all = earlier.model === results.model ? { ...earlier, ...results } : results;
    writeWhole(file, `${JSON.stringify(all, null, 2)}\n`);
  };
  try {
    withLockSync(`${file}.lock`, merge); // two notebooks may save at the same time
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new ResultsError(
      `${file}: the results "${name}" could not be written: ${error.message}. ` +
        `${writeAdvice(error)} BLIP_OUTPUT names it.`,
      { cause: error },
    );
  }
}

/** A damaged file is replaced. */
function readEarlier(file: string): Results {
  try {
    const json = readJSON(file);
    return isRecord(json) ? json : {};
  } catch {
    return {};
  }
}

/**
 * Reads results.
 *
 * @param options.model the checkpoint that they have to belong to; by default that of the environment variable
 * BLIP_MODEL, if it is set
 * @throws {ResultsError} that names the notebook to run first, when they are missing, damaged, or those of another
 *   model
 */
export function readResults(name: string, options: { readonly model?: string } = {}): Results {
  checkArguments('readResults', { name: [name, 'path'] });
  checkOptions('readResults', options, ['model']);
  const file = fileOf(name);
  const notebook = Object.hasOwn(WRITERS, name) ? WRITERS[name] : undefined;
  const writer = notebook ?? `what calls saveResults('${name}', ...)`;
  if (!fs.existsSync(file)) {
    const near = notebook === undefined ? closestName(name, savedNames(path.dirname(file))) : undefined;
    throw new ResultsError(
      `The results "${name}" are missing (${file}): ` +
        (near === undefined ? `run ${writer} first.` : `did you mean "${near}"? Else run ${writer} first.`),
    );
  }
  const json = readJSON(file, { error: ResultsError, advice: `Delete it and run ${writer} again.` });
  if (!isRecord(json)) {
    const got = Array.isArray(json) ? 'a list' : describeValue(json);
    throw new ResultsError(`${file}: got ${got}, expected an object. Delete it and run ${writer} again.`);
  }
  const wanted = options.model ?? (process.env.BLIP_MODEL ? runSettings().model : undefined);
  const owner = typeof json.model === 'string' ? json.model : describeValue(json.model);
  if (wanted !== undefined && json.model !== wanted)
    throw new ResultsError(
      `${file}: these are the results of ${owner}, but the model here is ` +
        `${wanted}${options.model === undefined ? ' (BLIP_MODEL)' : ''}. ` +
        `Run ${writer} with it first, or continue with the other one: BLIP_MODEL=${owner}.`,
    );
  return json;
}

/** The notebooks' results, and those that are there. */
function savedNames(folder: string): string[] {
  const files = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  const saved = files.filter((file) => file.endsWith('.json')).map((file) => path.basename(file, '.json'));
  return [...new Set([...Object.keys(WRITERS), ...saved])];
}

/** Removes the results of an earlier run, so that they are not taken for those of the new run. */
export function removeResults(): void {
  for (const name of Object.keys(WRITERS)) fs.rmSync(fileOf(name), { force: true });
}

/** A text field of results. @throws {ResultsError} when it is missing or no text */
export function resultText(results: Results, field: string): string {
  checkArguments('resultText', { results: [results, 'object'], field: [field, 'text'] });
  const value = results[field];
  if (typeof value !== 'string')
    throw new ResultsError(
      `The results' field "${field}" is ${describeValue(value)}, expected a text. Run ${WRITERS.convert} again.`,
    );
  return value;
}

/** What the second notebook needs of the first one's results. */
export interface ConvertResults {
  /** The checkpoint's id, or its folder. */
  readonly model: string;
  readonly device: string;
  readonly picture: string;
  /** Of a checkpoint that matches texts to images, the text that matched best. */
  readonly question: string;
}

/**
 * The first notebook's results, checked.
 *
 * @example const { model, device, picture, question } = convertResults(readResults('convert'));
 * @throws {ResultsError} when one of them is missing or no text
 */
export function convertResults(results: Results): ConvertResults {
  checkArguments('convertResults', { results: [results, 'object'] });
  const field = (name: string): string => resultText(results, name);
  const question = bestMatch(results.matches) ?? field('question');
  return { model: field('model'), device: field('device'), picture: field('picture'), question };
}

function bestMatch(matches: unknown): string | undefined {
  if (!Array.isArray(matches)) return undefined;
  const found = matches.flatMap((match: unknown) =>
    isRecord(match) && typeof match.text === 'string' && typeof match.score === 'number'
      ? [{ text: match.text, score: match.score }]
      : [],
  );
  return found.sort((a, b) => b.score - a.score)[0]?.text;
}
