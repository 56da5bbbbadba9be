// A reader of parquet files that trusts none of their bytes. What data sets store in them is handled one level up.
export { MAX_PREFETCH_BYTES, ParquetFile, type RowSpan } from './open-parquet';
export { ParquetError } from './parquet-error';
export type { Leaf, RowGroup } from './read-footer';
