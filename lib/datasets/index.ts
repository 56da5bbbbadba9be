// Public API of the data sets room.
export { loadVqaSamples, type LoadVqaOptions } from './load-vqa-samples';
export { PicturesError, readPictures, type Picture } from './read-pictures';
export { seededShuffle } from './seeded-shuffle';
export { VqaParquetError } from './parquet-files';
export { loadVqaParquet, type VqaColumns, type VqaParquetOptions } from './vqa-parquet';
export { VqaSourceError, type SkippedSamples, type VqaSample, type VqaSamples } from './vqa-sample';
export { findVqaV2, loadVqaV2, VqaV2Error, type VqaV2Files, type VqaV2Options } from './vqa-v2';
