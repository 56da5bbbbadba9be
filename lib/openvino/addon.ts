// openvino-node's addon, the part that is used here. Typed by hand: npm does not install the package on every Node
// version.
import { BlipError } from '../core/errors';
import { DisposedError, OpenVINOError } from './errors';
import type { TensorData } from './types';

export interface AddonTensor {
  getData(): TensorData;
  getElementType(): unknown;
  getShape(): ArrayLike<number>;
  getSize(): number;
}
export interface AddonPort {
  getAnyName(): string;
  getPartialShape(): { getDimensions(): readonly (number | readonly [number, number])[] };
}
export interface AddonModel {
  inputs: AddonPort[];
  outputs: AddonPort[];
  reshape(shapes: Map<string, string>): unknown;
  isDynamic(): boolean;
  getFriendlyName(): string;
}
/** Up to 2026.3, `inferAsync` binds inputs by position and ignores their names. It always needs one argument. */
export interface AddonRequest {
  setTensor(name: string, tensor: AddonTensor): void;
  getTensor(name: string): AddonTensor;
  infer(): Record<string, AddonTensor>;
  inferAsync(inputs: AddonTensor[]): Promise<Record<string, AddonTensor>>;
}
export interface AddonCompiled {
  inputs: AddonPort[];
  outputs: AddonPort[];
  getProperty(name: string): unknown;
  createInferRequest(): AddonRequest;
}
export interface AddonCore {
  getAvailableDevices(): string[];
  getProperty(device: string, name: string): unknown;
  setProperty(device: string, properties: Record<string, string>): void;
  getVersions(device: string): Record<string, { buildNumber: string; description: string }>;
  /** The number of arguments counts: an `undefined` at the end is an error. */
  readModel(...files: [xml: string, bin?: string]): Promise<AddonModel>;
  readModelSync(...files: [xml: string, bin?: string]): AddonModel;
  compileModel(model: AddonModel | string, device: string, config: Record<string, string>): Promise<AddonCompiled>;
  compileModelSync(model: AddonModel | string, device: string, config: Record<string, string>): AddonCompiled;
}
export interface Addon {
  Core: new () => AddonCore;
  /** Shares the array's whole buffer, and does not keep it alive. */
  Tensor: new (
    ...args: [type: string, shape: number[], data?: TensorData]
  ) => AddonTensor;
  /** Since 2026.4. */
  getOpenvinoVersion?(): { buildNumber: string };
}

/** Calls the addon; its errors become {@link OpenVINOError}. */
export function attempt<T>(call: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw translate(call, error);
  }
}

export async function attemptAsync<T>(call: string, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw translate(call, error);
  }
}

function translate(call: string, error: unknown): BlipError {
  return error instanceof BlipError
    ? error
    : new OpenVINOError(`${call} failed: ${error instanceof Error ? error.message : String(error)}`, call);
}

/**
 * Owns an object of the addon, which is freed when it is garbage collected. dispose() releases it, and later use
 * throws.
 */
export abstract class AddonHandle<T> {
  readonly #addon: Addon;
  #native: T | undefined;

  protected constructor(
    addon: Addon,
    native: T,
    private readonly what: string,
  ) {
    this.#addon = addon;
    this.#native = native;
  }

  /**
   * Whether a value is an object of this addon: two of the same class may belong to two addons. A proxy of one is none.
   */
  static isOf(addon: Addon, value: unknown): boolean {
    return typeof value === 'object' && value !== null && #addon in value && value.#addon === addon;
  }

  /** @throws {DisposedError} after dispose() */
  get native(): T {
    if (this.#native === undefined) throw new DisposedError(this.what);
    return this.#native;
  }

  dispose(): void {
    this.#native = undefined;
  }
}
