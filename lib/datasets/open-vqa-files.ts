// The parquet files of a split: opened when their turn comes, with their columns found and their rows planned.
import * as path from 'node:path';
import { type ProgressCallback, reportProgress } from '../core/progress';
import { isUrl, openByteSource, type RequestOptions } from '../hub';
import { ParquetError, ParquetFile } from './parquet';
import { planSpans, type VqaSpan } from './plan-spans';
import { seededShuffle } from './seeded-shuffle';
import { type ColumnLeaves, findColumns, type VqaColumns } from './vqa-columns';
import { VqaParquetError } from './vqa-parquet-error';

export interface VqaFilesOptions extends RequestOptions {
  readonly columns?: Partial<VqaColumns>;
  readonly progress_callback?: ProgressCallback;
}

export interface OpenVqaFile {
  readonly index: number;
  readonly name: string;
  readonly parquet: ParquetFile;
  readonly columns: ColumnLeaves;
  /** In the file's order. */
  readonly spans: readonly VqaSpan[];
}

/** One span of one file. */
export interface SpanPlace {
  readonly file: OpenVqaFile;
  readonly span: number;
}

export class VqaFiles {
  private readonly opened = new Map<number, Promise<OpenVqaFile | VqaParquetError>>();
  private readonly bytes = new Map<string, number>();

  constructor(
    readonly names: readonly string[],
    private readonly options: VqaFilesOptions,
  ) {}

  /**
   * @returns what is wrong with a file that cannot be used, since others may do
   * @throws {HubError} when it cannot be reached
   */
  open(index: number): Promise<OpenVqaFile | VqaParquetError> {
    let file = this.opened.get(index);
    if (!file) this.opened.set(index, (file = this.openFile(index)));
    return file;
  }

  /**
   * Spans of all files in seeded order, one of each file in turn, so that few files need to be opened for a few
   * samples. (Python's streaming shuffle mixes within a buffer instead; neither gives a sample of the whole set without
   * reading it.)
   */
  async *spans(seed: number): AsyncGenerator<SpanPlace | { readonly file: number; readonly problem: VqaParquetError }> {
    const files = seededShuffle(
      this.names.map((_, index) => index),
      seed,
    );
    for (let round = 0, left = files; left.length > 0; round++) {
      const more: number[] = [];
      for (const index of left) {
        const file = await this.open(index);
        if (file instanceof VqaParquetError) {
          yield { file: index, problem: file };
          continue;
        }
        const order = seededShuffle([...file.spans.keys()], seed + index);
        if (round < order.length) yield { file, span: order[round] };
        if (round + 1 < order.length) more.push(index);
      }
      left = more;
    }
  }

  private async openFile(index: number): Promise<OpenVqaFile | VqaParquetError> {
    const name = this.names[index];
    const { columns = {}, progress_callback } = this.options;
    const source = await openByteSource(name, this.options);
    const report = async (bytes: number): Promise<void> => {
      const loaded = (this.bytes.get(name) ?? 0) + bytes;
      this.bytes.set(name, loaded);
      await reportProgress(
        progress_callback,
        { status: 'download', file: path.basename(name), loaded },
        this.options.signal,
      );
    };
    try {
      const parquet = await ParquetFile.open(source, isUrl(name) ? report : undefined);
      const found = findColumns(parquet.footer, columns, name);
      return { index, name, parquet, columns: found, spans: planSpans(parquet, found.image, !isUrl(name)) };
    } catch (error) {
      if (error instanceof VqaParquetError) return error;
      if (!(error instanceof ParquetError)) throw error;
      return new VqaParquetError(
        `${name}: not a parquet file, or cut short: ${error.message}. Download it again, or choose another one.`,
      );
    }
  }
}
