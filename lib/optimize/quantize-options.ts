// What quantizeBlip can be asked for, and the check that it was asked for nothing else, before anything runs.
import type { Config } from '../openvino';
import type { ProgressCallback } from '../core/progress';
import { BlipError } from '../core/errors';
import type { CompressParameters, IgnoredScope, QuantizeParameters, WeightMode } from './nncf-task';

export class QuantizeError extends BlipError {}

export type PartName = 'vision_model' | 'text_encoder' | 'text_decoder' | 'text_features';
export const PARTS: readonly PartName[] = ['vision_model', 'text_encoder', 'text_decoder', 'text_features'];

export interface QuantizeOptions {
  /** Parts to make; all by default. `text_decoder` and `text_features` need no samples. */
  readonly parts?: readonly PartName[];
  /** Folder that the other parts are copied from; the one that is read by default. */
  readonly others_from?: string;
  /** Samples used at most; the tutorial's and NNCF's 300 by default. With fewer samples, all are used. */
  readonly subset_size?: number;
  /** NNCF's default for transformers is `mixed`: weights symmetric, activations asymmetric. */
  readonly preset?: QuantizeParameters['preset'];
  readonly fast_bias_correction?: boolean;
  /** 0 to 1, NNCF's 0.95 by default; -1 leaves SmoothQuant out. */
  readonly smooth_quant_alpha?: number;
  /** Nodes left in floating point, per part. */
  readonly ignored_scope?: Readonly<Partial<Record<PartName, IgnoredScope>>>;
  /** Precision of the decoder's weights, `INT8_ASYM` by default; a whole set of NNCF's parameters for 4 bits. */
  readonly decoder_weights?: WeightMode | CompressParameters;
  /**
   * Device and properties for the calibration pass of the vision model: CPU in f32 by default, as NNCF itself runs
   * models.
   */
  readonly device?: string;
  readonly properties?: Config;
  readonly progress_callback?: ProgressCallback;
  /** NNCF's own messages. */
  readonly on_log?: (level: string, message: string) => void;
  readonly signal?: AbortSignal;
}

const PRESETS: readonly string[] = ['performance', 'mixed'];
const WEIGHT_MODES: readonly string[] = ['INT8_ASYM', 'INT8_SYM', 'INT4_ASYM', 'INT4_SYM'];
const SCOPE_KEYS: readonly string[] = ['names', 'patterns', 'types'];
/** Per channel instead of per group, in NNCF's words. */
const NO_GROUPS = -1;
/** Leaves SmoothQuant out, in NNCF's words. */
const NO_SMOOTHING = -1;

type Check = (value: unknown) => boolean;
const isBoolean: Check = (value) => typeof value === 'boolean';
const isString: Check = (value) => typeof value === 'string' && value !== '';
const isFunction: Check = (value) => typeof value === 'function';
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 1;
const isFraction: Check = (value) => typeof value === 'number' && value >= 0 && value <= 1;
const isListOfStrings: Check = (value) => Array.isArray(value) && value.every(isString);

const OPTIONS: Readonly<Record<keyof QuantizeOptions, { check: Check; expected: string }>> = {
  parts: {
    check: (value) => Array.isArray(value) && value.length > 0 && value.every(isPart),
    expected: `a list with one or more of ${PARTS.join(', ')}`,
  },
  others_from: { check: isString, expected: 'the path of a folder' },
  subset_size: { check: isCount, expected: 'a whole number of at least 1' },
  preset: { check: (value) => isOneOf(PRESETS, value), expected: `one of ${PRESETS.join(', ')}` },
  fast_bias_correction: { check: isBoolean, expected: 'true or false' },
  smooth_quant_alpha: {
    check: (value) => value === NO_SMOOTHING || isFraction(value),
    expected: `a number from 0 to 1, or ${NO_SMOOTHING} for no SmoothQuant`,
  },
  ignored_scope: {
    check: (value) => isRecord(value) && Object.keys(value).every(isPart),
    expected: `an object with scopes by part: ${PARTS.join(', ')}`,
  },
  decoder_weights: {
    check: (value) => isRecord(value) || isOneOf(WEIGHT_MODES, value),
    expected: `one of ${WEIGHT_MODES.join(', ')}, or an object { mode, group_size, ratio, all_layers, ignored_scope }`,
  },
  device: { check: isString, expected: 'the name of a device, such as CPU' },
  properties: { check: isRecord, expected: "an object of OpenVINO's properties" },
  progress_callback: { check: isFunction, expected: 'a function' },
  on_log: { check: isFunction, expected: 'a function' },
  signal: { check: (value) => value instanceof AbortSignal, expected: 'an AbortSignal' },
};

const WEIGHT_OPTIONS: Readonly<Record<keyof CompressParameters, { check: Check; expected: string }>> = {
  mode: { check: (value) => isOneOf(WEIGHT_MODES, value), expected: `one of ${WEIGHT_MODES.join(', ')}` },
  group_size: {
    check: (value) => value === NO_GROUPS || isCount(value),
    expected: `a whole number of at least 1, or ${NO_GROUPS} for whole rows`,
  },
  ratio: { check: isFraction, expected: 'a number from 0 to 1' },
  all_layers: { check: isBoolean, expected: 'true or false' },
  ignored_scope: { check: isRecord, expected: `an object with the lists ${SCOPE_KEYS.join(', ')}` },
};

/** @throws {QuantizeError} that names the option, what it is, and what was expected */
export function checkQuantizeOptions(options: QuantizeOptions): void {
  checkAll(options, OPTIONS, '');
  const { ignored_scope: scopes = {}, decoder_weights: weights, parts } = options;
  for (const part of PARTS) {
    const scope = scopes[part];
    if (scope === undefined) continue;
    checkScope(scope, `ignored_scope.${part}`);
    if (parts && !parts.includes(part))
      throw new QuantizeError(
        `ignored_scope names ${part}, which parts leaves out: [${parts.join(', ')}]. Name the part in both, or ` +
          'in neither.',
      );
  }
  if (typeof weights !== 'object') return;
  checkAll(weights, WEIGHT_OPTIONS, 'decoder_weights.');
  if (weights.mode === undefined)
    throw new QuantizeError(`decoder_weights has no mode; expected one of ${WEIGHT_MODES.join(', ')}.`);
  if (weights.ignored_scope) checkScope(weights.ignored_scope, 'decoder_weights.ignored_scope');
  if (weights.ignored_scope && scopes.text_decoder)
    throw new QuantizeError(
      'decoder_weights.ignored_scope and ignored_scope.text_decoder are both given; expected one of them.',
    );
}

function checkAll(
  given: object,
  known: Readonly<Record<string, { check: Check; expected: string }>>,
  prefix: string,
): void {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name))
      throw new QuantizeError(`Unknown option "${prefix}${name}"; expected ${Object.keys(known).join(', ')}.`);
    if (value !== undefined && !known[name].check(value))
      throw new QuantizeError(`${prefix}${name} is ${show(value)}; expected ${known[name].expected}.`);
  }
}

function checkScope(scope: unknown, where: string): void {
  if (
    !isRecord(scope) ||
    Object.keys(scope).length === 0 ||
    !Object.entries(scope).every(([key, value]) => SCOPE_KEYS.includes(key) && isListOfStrings(value))
  )
    throw new QuantizeError(
      `${where} is ${show(scope)}; expected one or more of the lists of strings ${SCOPE_KEYS.join(', ')}.`,
    );
}

function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
}
function isOneOf(list: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && list.includes(value);
}
function isPart(value: unknown): boolean {
  return isOneOf(PARTS, value);
}
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
