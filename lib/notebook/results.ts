// What a notebook leaves for the next one, for the start command and for the tests: a JSON file per notebook,
// in output/results below the working folder.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipError } from '../core/errors';
import { readJSON } from '../core/read-json';

export class ResultsError extends BlipError {}

/** Which notebook writes which results, for the error message. */
const WRITERS: Readonly<Record<string, string>> = {
  convert: 'notebooks/233-blip-convert.ipynb',
  optimize: 'notebooks/233-blip-optimize.ipynb',
};

export type Results = Readonly<Record<string, unknown>>;

function fileOf(name: string): string {
  return path.resolve('output', 'results', `${name}.json`);
}

/** Writes results, whole or not at all, to `output/results/<name>.json` below the working folder. */
export function saveResults(name: string, results: Results): void {
  const file = fileOf(name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, `${JSON.stringify(results, null, 2)}\n`);
    fs.renameSync(temporary, file);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** Reads results. @throws {ResultsError} that names the notebook to run first */
export function readResults(name: string): Results {
  const file = fileOf(name);
  const writer = WRITERS[name] ?? `what calls saveResults('${name}', ...)`;
  if (!fs.existsSync(file)) throw new ResultsError(`The results "${name}" are missing (${file}): run ${writer} first.`);
  const json = readJSON(file, { error: ResultsError, advice: `Delete it and run ${writer} again.` });
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    const got = Array.isArray(json) ? 'a list' : JSON.stringify(json);
    throw new ResultsError(`${file}: got ${got}, expected an object. Delete it and run ${writer} again.`);
  }
  return { ...json };
}

/** A text field of results. @throws {ResultsError} when it is missing or no text */
export function resultText(results: Results, field: string): string {
  const value = results[field];
  if (typeof value !== 'string')
    throw new ResultsError(
      `The results' field "${field}" is ${JSON.stringify(value)}, expected a text. Run ${WRITERS.convert} again.`,
    );
  return value;
}
