// Captions as text files beside their images, as the trainers of image generators read them: `beach.jpg`, `beach.txt`.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { writeWhole } from '../core/write-whole';
import { isImageFile } from '../preprocessing/image-file';
import { BatchError } from './batch-error';
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
/** What the system says of one file or folder, not of the disk. */
const OF_ONE_FILE = ['EACCES', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS'];
const EXTENSION = /^\.[\w.-]{1,31}$/;

export class CaptionFiles {
  readonly #claimed = new Map<string, string>();
  /** Why nothing can be written into a folder. */
  readonly #closed = new Map<string, string | undefined>();
  readonly #extension: string;

  /** @throws {BatchError} */
  constructor(private readonly options: CaptionFileOptions) {
    const { caption_extension = '.txt', append, overwrite } = options;
    this.#extension = caption_extension.startsWith('.') ? caption_extension : `.${caption_extension}`;
    if (!EXTENSION.test(this.#extension) || isImageFile(`x${this.#extension}`))
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

  /** @returns why the image can have no caption file: another image has the same, or the system does not let it */
  claim(image: string): string | undefined {
    const file = this.fileOf(image);
    const name = path.basename(file);
    const other = this.#claimed.get(sameFile(file));
    if (other !== undefined)
      return (
        `${name} is the caption file of ${path.basename(other)}, too. Rename one of the images, or ` +
        'write one table (--output captions.jsonl).'
      );
    this.#claimed.set(sameFile(file), image);
    const stat = statOrNothing(file);
    if (stat && (!stat.isFile() || stat.size > MAX_BYTES))
      return `${name}, which would be its caption file, is ${stat.isFile() ? 'too large for one' : 'no plain file'}.`;
    const closed = (stat && whyNot(file, fs.constants.R_OK)) ?? this.#whyClosed(path.dirname(file));
    return closed && `${name}, its caption file, cannot be ${stat ? 'read or ' : ''}written: ${closed}`;
  }

  #whyClosed(folder: string): string | undefined {
    if (!this.#closed.has(folder)) this.#closed.set(folder, whyNot(folder, fs.constants.W_OK));
    return this.#closed.get(folder);
  }

  /**
   * @param written what {@link compose} returned of it, where this library wrote one before
   * @returns `ours` where that stands there unchanged; `old` where what stood there before it does, as writing was
   *   stopped; `other` where somebody else wrote or changed it
   */
  state(image: string, written: string | undefined): 'absent' | 'ours' | 'old' | 'other' {
    const text = this.#read(image);
    if (text === undefined) return 'absent';
    const [now, before] = written?.split(' ') ?? [];
    const there = digest(text);
    if (there === now) return 'ours';
    return there === before ? 'old' : 'other';
  }

  /** The text of the file, given the caption, and its digest, with that of what stands there. */
  compose(image: string, caption: string): { readonly text: string; readonly written: string } {
    const { prefix = '', suffix = '', append } = this.options;
    const whole = `${prefix}${caption}${suffix}`;
    const there = this.#read(image);
    const before = append ? there?.trimEnd() : undefined;
    // A run that was killed may have added it already
    const isThere = before === whole || before?.endsWith(`, ${whole}`);
    const text = `${before && !isThere ? `${before}, ${whole}` : before || whole}\n`;
    const digests = [text, ...(there === undefined ? [] : [there])].map(digest);
    return { text, written: digests.join(' ') };
  }

  /**
   * @returns why this file cannot be written, though others may be
   * @throws {BatchError} when none can, as on a full disk
   */
  write(image: string, text: string): string | undefined {
    const file = this.fileOf(image);
    try {
      writeWhole(file, text);
      return undefined;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && OF_ONE_FILE.includes(String(error.code))))
        throw explainOutputError(error, file);
      return `${path.basename(file)}, its caption file, cannot be written: ${error.message}`;
    }
  }

  #read(image: string): string | undefined {
    const file = this.fileOf(image);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
  }
}

/** Where case does not tell names apart, it does not tell caption files apart either. */
function sameFile(file: string): string {
  return process.platform === 'win32' || process.platform === 'darwin' ? file.normalize('NFC').toLowerCase() : file;
}

function whyNot(place: string, mode: number): string | undefined {
  try {
    fs.accessSync(place, mode);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
