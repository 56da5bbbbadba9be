// Public API of the data sets room.
export type { OwnSplit } from './choose-split';
export type { Part } from './divide-rows';
export { loadVqaParquet, type VqaParquetOptions } from './load-vqa-parquet';
export { loadVqaSamples, type LoadVqaOptions } from './load-vqa-samples';
export { PicturesError, readPictures, type Picture } from './read-pictures';
export { sampleText } from './sample-text';
export { seededShuffle } from './seeded-shuffle';
export type { VqaColumns } from './vqa-columns';
export { VqaParquetError } from './vqa-parquet-error';
export { VqaSourceError, type SkippedSamples, type VqaSample, type VqaSamples } from './vqa-sample';
export { findVqaV2, loadVqaV2, VqaV2Error, type VqaV2Files, type VqaV2Options } from './vqa-v2';
