// How the models of a folder are loaded: the device, and what OpenVINO is told.
import type { Config, OpenVINO } from '../openvino';

export interface LoadModelOptions {
  /**
   * CPU by default; any name of `core.getAvailableDevices()`, or a virtual device: AUTO, `AUTO:GPU,CPU`,
   * `HETERO:GPU,CPU`.
   */
  readonly device?: string;
  /**
   * Further OpenVINO properties, such as `{ INFERENCE_PRECISION_HINT: 'f32' }`. Without that one, a large model is
   * tried in bf16 and in f32 once on each machine, where the processor has both, and encoders and text decoder are
   * each computed in the faster one. What OpenVINO compiles for the CPU is kept in the cache (`compiled` below
   * {@link cacheFolder}); `{ CACHE_DIR: '' }` keeps nothing, another CACHE_DIR keeps it there.
   */
  readonly properties?: Config;
  /** `loadOpenVINO()` by default. */
  readonly openvino?: OpenVINO;
}

/** Names of {@link LoadModelOptions}. */
export const LOAD_MODEL_OPTIONS = [
  'device',
  'properties',
  'openvino',
] as const satisfies readonly (keyof LoadModelOptions)[];
