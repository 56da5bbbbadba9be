// Public API of the notebook room: everything that only notebooks need.
export { attentionFigure, showAttention, strongestPatch, type AttentionFigure } from './attention-figure';
export { barChart, barFigure, showChart, type BarChart, type BarSeries } from './charts';
export {
  askQuestions,
  matchRows,
  matchTexts,
  type AnswerRow,
  type AskQuestionsOptions,
  type MatchRow,
  type TextMatch,
} from './answer-rows';
export {
  answersByImage,
  checkAnswers,
  type ImageAnswersRow,
  type CheckAnswersOptions,
  type CheckedAnswers,
} from './check-answers';
export { architectureRows, parameterRows, type ArchitectureRow, type ParameterRow } from './checkpoint-rows';
export { conversionRows, type ConversionRow } from './conversion-rows';
export { deviceRows, type DeviceRow } from './device-rows';
export { checkClose, largestDifference, relativeDifference, type CloseRow, type Numbers } from './differences';
export {
  inputRows,
  sampleLine,
  sampleRows,
  pixelRows,
  tokenRows,
  type InputRow,
  type SampleRow,
  type PixelRow,
  type TokenRow,
} from './input-rows';
export {
  busyLines,
  latencyRows,
  layerRows,
  longestStage,
  processingTime,
  runRows,
  speedLines,
  stageRows,
  type LatencyRow,
  type LayerRow,
  type RunRow,
  type StageRow,
} from './latency-rows';
export {
  latencyChart,
  showLatencyChart,
  showSizeChart,
  showStageChart,
  sizeChart,
  stageChart,
  type MeasuredOn,
} from './measured-charts';
export {
  compressionRows,
  contentRows,
  decoderBitsRows,
  quantizationRows,
  sizeRows,
  type CompressionRow,
  type ContentRow,
  type DecoderBitsRow,
  type QuantizationRow,
  type QuantizedParts,
  type SizeRow,
} from './quantized-rows';
export { firstRow, roundedRows, type RoundedRow, type RoundedRowsOptions } from './rounded-rows';
export {
  checkSearches,
  hitFigure,
  textHitRows,
  type CheckSearchesOptions,
  type SearchRow,
  type TextHitRow,
} from './search-rows';
export {
  leastSure,
  questionAttentionRows,
  traceChecks,
  type CheckRow,
  type QuestionAttentionRow,
} from './traced-rows';
export {
  accuracyRows,
  agreementLines,
  changedTables,
  comparedResults,
  keptShares,
  type ComparedOutputs,
  type ComparedRow,
} from './compared-rows';
export type { CachedImageOptions } from '../preprocessing';
export { demoPicture, DemoPictureError, trainingNote, type DemoPictureOptions } from './demo-picture';
export { describePicture } from './describe-picture';
export { describePorts, type PortRow } from './describe-ports';
export { fakeQuantizeFigure, showFakeQuantize } from './fake-quantize-figure';
export { figures, showFigure, type Figure } from './figure';
export {
  decimals,
  kilobytes,
  latencyColumns,
  latencyRange,
  milliseconds,
  percent,
  times,
  wholeNumber,
} from './format-number';
export { graphFigure, showGraph } from './graph-figure';
export { likeliestFigure, showLikeliest, type LikelyStep } from './likeliest-figure';
export { NotebookPackageError } from './load-package';
export { ChartError, type PlotlyFigure } from './plotly-svg';
export { interruptSignal } from '../core/interrupt-signal';
export { patchFigure, showPatches, type PatchFigure } from './patch-figure';
export { phaseLog, type PhaseLog, type PhaseRow } from './phase-log';
export { progressBar } from './progress-bar';
export { referenceTokenIds } from './reference-token-ids';
export { roundingFigure, showRounding } from './rounding-figure';
export { showSmoothing, smoothingFigure } from './smoothing-figure';
export { showDemo } from './show-demo';
export { int8Beside } from './int8-beside';
export { stageSums, type WholeTimes } from './stage-sums';
export { showTable, type TableRow } from './show-table';
export type { Drawing } from './show-svg';
export { tracedWords, type AttendingToken, type TracedWord } from './traced-words';
export { versions, type VersionRow } from './versions';
export { optimizeResults, outputLines, reportLines, type OptimizeResults } from './report-lines';
export {
  convertResults,
  readResults,
  type ConvertResults,
  removeResults,
  ResultsError,
  resultText,
  saveResults,
  type Results,
} from './results';
export { runSettings, RunSettingsError, settingsRows, type RunSettings } from './run-settings';
export {
  can,
  canAnswer,
  canCaption,
  canMatch,
  cannot,
  loadTaskModel,
  presentParts,
  decoderGroupSize,
  runTasks,
  taskSamples,
  TaskError,
  writerOf,
  type TaskModel,
  type AnsweringModel,
} from './task-model';
