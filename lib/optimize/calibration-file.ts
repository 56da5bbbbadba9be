// Calibration inputs on disk: one raw little-endian data file beside an index, which calibration_data.py reads sample
// by sample. They are never all in memory. An image is kept as 8-bit RGB and normalized when it is read, through the
// same tables as the preprocessing: a quarter of the bytes, and bit-equal values. Data that several samples share is
// written once. Measured: docs/decisions/014-calibration-images-in-8-bit.md.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipError } from '../core/errors';
import { isOutOfSpace, writeAdvice } from '../core/explain-write-error';
import type { RgbImage } from '../preprocessing';

export class CalibrationFileError extends BlipError {}

type CalibrationData = Float32Array | BigInt64Array | Int32Array;

/** One input of one sample: its values, or the number that `share` returned for values written before. */
export type CalibrationTensor =
  | ({
      readonly type: 'f32' | 'i64' | 'i32';
      readonly shape: readonly number[];
    } & ({ readonly data: CalibrationData } | { readonly shared: number }))
  /** Read as `pixel_values`, [1, 3, height, width] f32. */
  | { readonly type: 'rgb'; readonly image: RgbImage };

interface IndexEntry {
  readonly type: string;
  readonly shape: readonly number[];
  readonly offset: number;
}

/** Offsets are multiples of this, so that any of them may be viewed as 8-byte integers. */
const ALIGNMENT = 8;
const ARRAY_TYPES = { f32: Float32Array, i64: BigInt64Array, i32: Int32Array } as const;

/** Writes `<name>.bin` and `<name>.json`; `finish` gives the index's path for the job. */
export class CalibrationFile {
  private readonly samples: Record<string, IndexEntry>[] = [];
  private readonly file: string;
  private readonly descriptor: number;
  private offset = 0;
  private closed = false;

  /**
   * @param imageTables for images: what each of the 256 values of each channel becomes (`channelTables` of the
   *   preprocessing)
   */
  constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly imageTables: readonly Float32Array[] = [],
  ) {
    this.file = path.join(folder, `${name}.bin`);
    this.descriptor = this.writing(this.file, () => fs.openSync(this.file, 'w'));
  }

  get length(): number {
    return this.samples.length;
  }

  /** Bytes of the data file. */
  get size(): number {
    return this.offset;
  }

  /** Writes values that several samples use, once. @returns the number to put into `shared` */
  share(data: CalibrationData): number {
    return this.write(data);
  }

  /** @throws {CalibrationFileError} when an array's type or length does not fit what is said about it */
  add(sample: Readonly<Record<string, CalibrationTensor>>): void {
    const entries: Record<string, IndexEntry> = {};
    for (const [input, tensor] of Object.entries(sample))
      entries[input] = tensor.type === 'rgb' ? this.addImage(input, tensor.image) : this.addTensor(input, tensor);
    this.samples.push(entries);
  }

  /** Writes the index and closes. @returns the path of the index */
  finish(): string {
    this.close();
    const file = path.join(this.folder, `${this.name}.json`);
    const index = {
      data: `${this.name}.bin`,
      image_tables: this.imageTables.map((table) => Array.from(table)),
      samples: this.samples,
    };
    this.writing(file, () => fs.writeFileSync(file, JSON.stringify(index)));
    return file;
  }

  close(): void {
    if (!this.closed) fs.closeSync(this.descriptor);
    this.closed = true;
  }

  private addImage(input: string, { data, width, height }: RgbImage): IndexEntry {
    if (this.imageTables.length !== 3 || data.length !== height * width * 3)
      throw new CalibrationFileError(
        `Calibration input "${input}": got an image of ${width} x ${height} in ${data.length} bytes and ` +
          `${this.imageTables.length} tables, expected three bytes per pixel and three tables.`,
      );
    return { type: 'rgb', shape: [1, 3, height, width], offset: this.write(data) };
  }

  private addTensor(input: string, tensor: Exclude<CalibrationTensor, { type: 'rgb' }>): IndexEntry {
    const { type, shape } = tensor;
    const count = shape.reduce((product, size) => product * size, 1);
    if ('data' in tensor && (!(tensor.data instanceof ARRAY_TYPES[type]) || tensor.data.length !== count))
      throw new CalibrationFileError(
        `Calibration input "${input}": got a ${tensor.data.constructor.name} of ${tensor.data.length}, expected ` +
          `${type} [${shape.join(', ')}].`,
      );
    const offset = 'data' in tensor ? this.write(tensor.data) : tensor.shared;
    if (offset + count * ARRAY_TYPES[type].BYTES_PER_ELEMENT > this.offset)
      throw new CalibrationFileError(
        `Calibration input "${input}": shared values at byte ${offset} do not hold ${type} ` +
          `[${shape.join(', ')}]; ${this.offset} bytes are written.`,
      );
    return { type, shape, offset };
  }

  private write(data: CalibrationData | Uint8Array): number {
    const start = this.offset;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const padding = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
    this.writing(this.file, () => {
      for (const part of padding ? [bytes, new Uint8Array(padding)] : [bytes])
        for (let done = 0; done < part.length; ) done += fs.writeSync(this.descriptor, part, done);
    });
    this.offset += bytes.length + padding;
    return start;
  }

  /** A full disk, a limit on the size of files: names the file, how much was written, and what to do. */
  private writing<T>(file: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new CalibrationFileError(
        `${file}: calibration inputs could not be written after ${this.samples.length} samples and ` +
          `${this.offset} bytes: ${error instanceof Error ? error.message : String(error)}. ${writeAdvice(error)}` +
          (isOutOfSpace(error) ? ' A smaller subset_size needs less.' : ''),
        { cause: error },
      );
    }
  }
}
