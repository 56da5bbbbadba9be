// Options of the calls that take a hub id or a checkpoint: where the checkpoint comes from, and how its model is
// loaded.
import { checkOptions } from '../core/check-options';
import { CONVERT_ONCE_OPTIONS, type ConvertOnceOptions } from '../convert/convert-once';
import { LOAD_MODEL_OPTIONS, type LoadModelOptions } from './load-model-options';

/**
 * `dtype`, `device`, `revision`, `cache_dir`, `local_files_only`, `progress_callback` as in transformers.js; the rest
 * is OpenVINO's.
 */
export interface PretrainedOptions extends ConvertOnceOptions, LoadModelOptions {}

/** @throws {OptionsError} when one is not implemented */
export function splitOptions(
  call: string,
  options: PretrainedOptions,
): { readonly source: ConvertOnceOptions; readonly load: LoadModelOptions } {
  checkOptions(call, options, [...LOAD_MODEL_OPTIONS, ...CONVERT_ONCE_OPTIONS]);
  const { device, properties, openvino, ...source } = options;
  return { source, load: { device, properties, openvino } };
}
