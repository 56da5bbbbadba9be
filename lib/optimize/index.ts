// Public API of the optimization room: NNCF, calibration data.
export type { CalibrationReport } from './calibrate';
export { CalibrationFileError } from './calibration-file';
export type {
  CompressParameters,
  IgnoredScope,
  NncfProgress,
  NncfResult,
  NncfTask,
  NncfVersions,
  QuantizeParameters,
  WeightMode,
} from './nncf-task';
export { runNncfWorker, type NncfWorkerOptions } from './nncf-worker';
export { NncfWorkerError } from './nncf-worker-error';
export { quantizeBlip, type QuantizedBlip, type QuantizedPart } from './quantize-blip';
export { QuantizeError, type PartName, type QuantizeOptions } from './quantize-options';
export { mostSmoothed, quantizedInputs, type QuantizedInput } from './quantized-inputs';
export { roundWeights, type RoundedWeights } from './round-weights';
