// The models of a batch: one that writes texts, or one that has features.
import { OVBlipMatcher, OVBlipModel, type PretrainedOptions } from '../generation';
import { decidesStreams, streamProperties } from '../generation/stream-properties';
import { loadOpenVINO, type Config, type OpenVINO } from '../openvino';
import { BlipProcessor } from '../preprocessing';
import type { BatchOptions } from './batch-options';

/** What every batch needs of a model. */
export interface BatchModel<Model = OVBlipModel | OVBlipMatcher> {
  readonly model: Model;
  readonly processor: BlipProcessor;
}

/** @throws whatever OVBlipModel.fromPretrained throws */
export function loadWriter(options: BatchOptions): Promise<BatchModel<OVBlipModel>> {
  return withProcessor(OVBlipModel.fromPretrained(options.model, pretrained(options)));
}

/** @throws {BlipModelError} when it has no contrastive features; whatever OVBlipMatcher.fromPretrained throws */
export function loadMatcher(options: BatchOptions): Promise<BatchModel<OVBlipMatcher>> {
  return withProcessor(OVBlipMatcher.fromPretrained(options.model, pretrained(options)));
}

async function withProcessor<Model extends { readonly folder: string; dispose(): void }>(
  loading: Promise<Model>,
): Promise<BatchModel<Model>> {
  const model = await loading;
  try {
    return { model, processor: await BlipProcessor.fromCheckpoint(model.folder) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function pretrained(options: BatchOptions): PretrainedOptions {
  return {
    device: options.device,
    openvino: options.openvino,
    dtype: options.dtype,
    cache_dir: options.cache_dir,
    revision: options.revision,
    local_files_only: options.local_files_only,
    progress_callback: options.progress_callback,
    signal: options.signal,
    properties: { ...streamsOf(options), ...options.properties },
  };
}

/** As many as given, else as the device chooses. */
function streamsOf({ streams, properties = {}, openvino }: BatchOptions): Config {
  if (streams !== undefined) return streamProperties(streams);
  if (decidesStreams(properties) || !runsAtOnce(openvino)) return {};
  return streamProperties(undefined);
}

/** openvino-node lets runs at the same time wait for one another. */
export function runsAtOnce(openvino: OpenVINO = loadOpenVINO()): boolean {
  return openvino.runtime === 'c-api';
}
