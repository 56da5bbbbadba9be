// The error of VQA data in parquet.
import { BlipError } from '../core/errors';

/**
 * A data set in parquet that cannot be used: no such split, other columns, broken files, nothing usable in its rows.
 */
export class VqaParquetError extends BlipError {}
