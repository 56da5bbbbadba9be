// Public API of the library. What only notebooks need is in ./notebook.
export { CacheFolderError, cacheFolder } from './core/cache-folder';
export { ArgumentError } from './core/check-arguments';
export { OptionsError } from './core/check-options';
export { BlipError } from './core/errors';
export { ConvertWriteError } from './core/explain-write-error';
export { SharpError } from './core/load-sharp';
export type { Progress, ProgressCallback } from './core/progress';
export { FileError } from './core/read-text';
export * from './openvino';
export {
  IrStatisticsError,
  irStatistics,
  readIR,
  ReadIRError,
  type ConstantStatistics,
  type IRFile,
  type IRInput,
  type IRLayer,
  type IrStatistics,
} from './ir';
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
  type ErrorResponse,
  type SnapshotFiles,
  type SnapshotWeights,
} from './hub';
export {
  BlipConfigError,
  CheckpointError,
  PyTorchFileError,
  SafetensorsError,
  loadCheckpoint,
  openPyTorchFile,
  openSafetensors,
  parseBlipConfig,
  type BlipCheckpoint,
  type BlipConfig,
  type BlipPart,
  type BlipTask,
  type BlipTextConfig,
  type BlipVisionConfig,
  type CheckpointDType,
  type CheckpointTensor,
  type HiddenActivation,
  type LoadCheckpointOptions,
  type SafetensorsFile,
  type TrainingNotes,
  type WeightsFile,
} from './checkpoint';
export * from './convert';
export * from './model-folder';
export {
  BlipProcessor,
  BlipTokenizer,
  ImageError,
  PreprocessorConfigError,
  TokenizerError,
  loadRgb,
  preprocessImage,
  readPreprocessorConfig,
  type AlphaMode,
  type BlipProcessorOptions,
  type DecodeOptions,
  type ImageSize,
  type ImageSource,
  type PilFilter,
  type PixelValues,
  type PreprocessorConfig,
  type PretrainedProcessorOptions,
  type RgbImage,
  type ShortestEdge,
  type TextInputs,
  type WarningCallback,
} from './preprocessing';
export {
  BlipModelError,
  GenerationOptionsError,
  OVBlipMatcher,
  OVBlipModel,
  type AttentionProbabilities,
  type CaptionInputs,
  type Features,
  type Generated,
  type GenerateOptions,
  type GenerateOutput,
  type GenerationOptions,
  type HiddenState,
  type ImageEmbeds,
  type ImageInput,
  type ImageTextInputs,
  type LoadModelOptions,
  type MatchTrace,
  type PixelInput,
  type PretrainedOptions,
  type RankAnswersOptions,
  type RankedAnswer,
  type SamplingOptions,
  type SequenceTrace,
  type StageTimings,
  type StreamOptions,
  type TextAttentions,
  type Texts,
  type TokenCallback,
  type TokenProbability,
  type Tokens,
  type TraceSequenceOptions,
  type TracedStep,
} from './generation';
export * from './pipelines';
export * from './search';
export * from './datasets';
export {
  BatchError,
  askFolder,
  captionFolder,
  embedFolder,
  parseShard,
  type BatchFailure,
  type BatchInput,
  type BatchInputs,
  type AskFolderOptions,
  type BatchOptions,
  type ColumnOptions,
  type BatchSummary,
  type CaptionFileOptions,
  type CaptionFolderOptions,
  type EmbedFolderOptions,
  type Shard,
} from './batch';
export * from './optimize';
export * from './evaluation';
export * from './timing';
export * from './demo';
