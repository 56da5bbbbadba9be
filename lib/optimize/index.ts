// Public API of the optimization room: NNCF, calibration data.
export { CalibrationFileError } from './calibration-file';
export {
  NncfWorkerError,
  runNncfWorker,
  type CompressParameters,
  type IgnoredScope,
  type NncfProgress,
  type NncfResult,
  type NncfTask,
  type QuantizeParameters,
  type WeightMode,
} from './nncf-worker';
export { quantizeBlip, type QuantizedBlip, type QuantizedPart } from './quantize-blip';
export { QuantizeError, type PartName, type QuantizeOptions } from './quantize-options';
