// Captions as text files beside their images, as the trainers of image generators read them: `beach.jpg`, `beach.txt`.
import { statOrNothing } from '../core/is-plain-file';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { writeWhole } from '../core/write-whole';
import { BatchError } from './batch-error';
import { IMAGE_FILE } from './batch-item';
import { explainOutputError } from './explain-output-error';

export interface CaptionFileOptions {
  /** `.txt` by default. */
  readonly caption_extension?: string;
  /** Put before each caption, as it is. */
  readonly prefix?: string;
  /** Put behind each caption, as it is. */
  readonly suffix?: string;
  /** Adds to a caption file that is there already, behind a comma. */
  readonly append?: boolean;
  /** Replaces caption files that are not of this library. */
  readonly overwrite?: boolean;
}

/** A caption file is a few lines. */
const MAX_BYTES = 2 ** 20;
const EXTENSION = /^\.[\w.-]{1,31}$/;

export class CaptionFiles {
  readonly #claimed = new Map<string, string>();
  readonly #extension: string;

  /** @throws {BatchError} */
  constructor(private readonly options: CaptionFileOptions) {
    const { caption_extension = '.txt', append, overwrite } = options;
    this.#extension = caption_extension.startsWith('.') ? caption_extension : `.${caption_extension}`;
    if (!EXTENSION.test(this.#extension) || IMAGE_FILE.test(`x${this.#extension}`))
      throw new BatchError(
        `The caption extension is ${JSON.stringify(caption_extension)}; expected letters and digits behind a dot, ` +
          'such as .txt or .caption, and not that of an image.',
      );
    if (append && overwrite) throw new BatchError('append and overwrite contradict each other: choose one.');
  }

  /** What stands around each caption. */
  get around(): readonly string[] {
    return [this.options.prefix ?? '', this.options.suffix ?? ''];
  }

  fileOf(image: string): string {
    const { dir, name } = path.parse(image);
    return path.join(dir, `${name}${this.#extension}`);
  }

  /** @returns why the image can have no caption file: another image has the same */
  claim(image: string): string | undefined {
    const file = this.fileOf(image);
    const other = this.#claimed.get(file);
    if (other !== undefined)
      return (
        `${path.basename(file)} is the caption file of ${path.basename(other)}, too. Rename one of the images, or ` +
        'write one table (--output captions.jsonl).'
      );
    this.#claimed.set(file, image);
    const stat = statOrNothing(file);
    if (stat && (!stat.isFile() || stat.size > MAX_BYTES))
      return (
        `${path.basename(file)}, which would be its caption file, ` +
        `is ${stat.isFile() ? 'too large for one' : 'no plain file'}.`
      );
    return undefined;
  }

  /**
   * @param written its digest, where this library wrote one before
   * @returns `ours` where that stands there unchanged, `other` where somebody else wrote or changed it
   */
  state(image: string, written: string | undefined): 'absent' | 'ours' | 'other' {
    const text = this.#read(image);
    if (text === undefined) return 'absent';
    return written !== undefined && written !== '' && digest(text) === written ? 'ours' : 'other';
  }

  /** The text of the file, given the caption, and its digest. */
  compose(image: string, caption: string): { readonly text: string; readonly written: string } {
    const { prefix = '', suffix = '', append } = this.options;
    const whole = `${prefix}${caption}${suffix}`;
    const before = append ? this.#read(image)?.trimEnd() : undefined;
    // A run that was killed may have added it already
    const isThere = before === whole || before?.endsWith(`, ${whole}`);
    const text = `${before && !isThere ? `${before}, ${whole}` : before || whole}\n`;
    return { text, written: digest(text) };
  }

  /** @throws {BatchError} */
  write(image: string, text: string): void {
    const file = this.fileOf(image);
    try {
      writeWhole(file, text);
    } catch (error) {
      throw explainOutputError(error, file);
    }
  }

  #read(image: string): string | undefined {
    const file = this.fileOf(image);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
