// One of the JSON files that describe a tokenizer: an object whose keys are all optional, as the file itself is.
import * as fs from 'node:fs';
import { describeValue } from '../core/describe-value';
import { isRecord } from '../core/is-record';
import { readJSON } from '../core/read-json';
import { TokenizerError } from './errors';

/** Ten thousand added tokens with all their flags take 2 MB. */
const MAX_BYTES = 8 * 2 ** 20;

export class SettingsFile {
  readonly #values: ReadonlyMap<string, unknown>;

  /** @throws {TokenizerError} when the file is there and no JSON object */
  constructor(readonly file: string) {
    const json = fs.existsSync(file) ? readJSON(file, { maxBytes: MAX_BYTES, error: TokenizerError }) : {};
    if (!isRecord(json)) throw new TokenizerError(`${file}: is ${describeValue(json)}; expected an object.`);
    this.#values = new Map(Object.entries(json));
  }

  /** In the file's order. */
  get entries(): IterableIterator<[key: string, value: unknown]> {
    return this.#values.entries();
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#values.has(key) ? this.#values.get(key) : fallback;
    return typeof value === 'boolean' ? value : this.fail(key, 'true or false');
  }

  /** @throws {TokenizerError} that names the file, the key, its value and what was expected */
  fail(key: string, expected: string): never {
    return this.failWith(key, `is ${describeValue(this.#values.get(key))}; expected ${expected}`);
  }

  /** The same with a sentence of its own. */
  failWith(key: string, problem: string): never {
    throw new TokenizerError(`${this.file}: "${key}" ${problem}.`);
  }
}
