// Jobs and messages of the NNCF worker: the types on both sides of its protocol.

/** Nodes that NNCF must leave as they are: by friendly name, by regular expression, by operation type. */
export interface IgnoredScope {
  readonly names?: readonly string[];
  readonly patterns?: readonly string[];
  readonly types?: readonly string[];
}

export interface QuantizeParameters {
  readonly subset_size: number;
  readonly preset?: 'performance' | 'mixed';
  readonly fast_bias_correction?: boolean;
  readonly smooth_quant_alpha?: number;
  readonly ignored_scope?: IgnoredScope;
}

export type WeightMode = 'INT8_ASYM' | 'INT8_SYM' | 'INT4_ASYM' | 'INT4_SYM';

export interface CompressParameters {
  readonly mode: WeightMode;
  readonly group_size?: number;
  readonly ratio?: number;
  readonly all_layers?: boolean;
  readonly ignored_scope?: IgnoredScope;
}

/**
 * `model` and `output` are .xml paths (the .bin is beside it); `calibration` is the path that `CalibrationFile.finish`
 * returned.
 */
export type NncfTask =
  | {
      readonly name: string;
      readonly action: 'quantize';
      readonly model: string;
      readonly output: string;
      readonly calibration: string;
      readonly parameters: QuantizeParameters;
    }
  | {
      readonly name: string;
      readonly action: 'compress_weights';
      readonly model: string;
      readonly output: string;
      readonly parameters: CompressParameters;
    };

/** What NNCF did; the counts are the lengths of the progress bars that it prints. */
export interface NncfResult {
  readonly name: string;
  readonly seconds: number;
  readonly samples: number;
  readonly smooth_quant_nodes: number;
  readonly ignored_nodes: number;
  readonly bias_corrected_nodes: number;
  readonly compressed_weights: number;
}

/**
 * `phase`: statistics, SmoothQuant, bias correction, weight compression, writing, or the text of NNCF's progress bar.
 */
export interface NncfProgress {
  readonly task: string;
  readonly phase: string;
  readonly done: number;
  readonly total: number | undefined;
}

/** Of the Python packages in the worker. */
export interface NncfVersions {
  readonly nncf: string;
  readonly openvino: string;
}
