// Public API of the batch room: captions and answers for folders, lists, tables and archives of images.
export { BatchError } from './batch-error';
export type { AskFolderOptions, BatchFailure, BatchOptions, CaptionFolderOptions } from './batch-options';
export type { BatchSummary } from './batch-summary';
export { askFolder, captionFolder } from './caption-folder';
export type { BatchInputs } from './check-inputs';
export { embedFolder, type EmbedFolderOptions } from './embed-folder';
export type { CaptionFileOptions } from './caption-files';
export type { BatchInput } from './list-inputs';
export { parseShard, type Shard } from './shard';
export type { ColumnOptions } from './table-columns';
