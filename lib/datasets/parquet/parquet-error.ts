// The error of the parquet reader; callers put the file's name in front.
import { BlipError } from '../../core/errors';

/** Bytes that are not valid parquet, or a feature of parquet that is not read. */
export class ParquetError extends BlipError {}
