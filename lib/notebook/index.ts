// Public API of the notebook room: everything that only notebooks need.
export { attentionFigure, showAttention, strongestPatch, type AttentionFigure } from './attention-figure';
export { barChart, barFigure, showChart, type BarChart, type BarSeries } from './charts';
export { checkAnswers, type CheckedAnswers } from './check-answers';
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
export { kilobytes, latencyColumns, latencyRange, milliseconds, percent } from './format-number';
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
export { showTable, type TableRow } from './show-table';
export type { Drawing } from './show-svg';
export { tracedWords, type AttendingToken, type TracedWord } from './traced-words';
export { versions, type VersionRow } from './versions';
export { optimizeResults, outputLines, reportLines, type OptimizeResults } from './report-lines';
export { readResults, removeResults, ResultsError, resultText, saveResults, type Results } from './results';
export { runSettings, RunSettingsError, settingsRows, type RunSettings } from './run-settings';
export {
  canAnswer,
  canCaption,
  canMatch,
  cannot,
  loadTaskModel,
  presentParts,
  decoderGroupSize,
  runTasks,
  taskSamples,
  type TaskModel,
  type AnsweringModel,
} from './task-model';
