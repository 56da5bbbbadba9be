// Public API of the library. What only notebooks need is in ./notebook.
export { CacheFolderError, cacheFolder } from './core/cache-folder';
export { OptionsError } from './core/check-options';
export { BlipError } from './core/errors';
export { ConvertWriteError } from './core/explain-write-error';
export type { Progress, ProgressCallback } from './core/progress';
export * from './openvino';
export { IrStatisticsError, irStatistics, type ConstantStatistics, type IrStatistics } from './ir';
export {
  DiskSpaceError,
  DisabledRepoError,
  EntryNotFoundError,
  GatedRepoError,
  HubError,
  HubHttpError,
  LocalEntryNotFoundError,
  ProxyError,
  RepositoryNotFoundError,
  RevisionNotFoundError,
  UnreachableError,
  downloadSnapshot,
  type DownloadOptions,
  type SnapshotFiles,
} from './hub';
export * from './checkpoint';
export * from './convert';
export * from './model-folder';
export * from './preprocessing';
export {
  BlipModelError,
  GenerationOptionsError,
  OVBlipMatcher,
  OVBlipModel,
  type GenerateOutput,
  type GenerationOptions,
  type ImageEmbeds,
  type LoadModelOptions,
  type PretrainedOptions,
  type StageTimings,
  type StreamOptions,
  type TokenCallback,
} from './generation';
export * from './pipelines';
export * from './datasets';
export * from './optimize';
export * from './evaluation';
export * from './timing';
export * from './demo';
