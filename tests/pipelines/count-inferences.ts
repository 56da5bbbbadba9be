// OpenVINO that counts how often each model runs: to see what was computed and what was remembered.
import * as path from 'node:path';
import { loadOpenVINO, type CompiledModel, type Config, type Model, type OpenVINO } from '../../lib/openvino';

export function countInferences(): { openvino: OpenVINO; inferences: (model: string) => number } {
  const openvino = loadOpenVINO();
  const counts = new Map<string, number>();
  class CountingCore extends openvino.Core {
    override async compileModel(model: Model | string, device: string, config?: Config): Promise<CompiledModel> {
      const compiled = await super.compileModel(model, device, config);
      const name = typeof model === 'string' ? path.basename(model, '.xml') : model.getFriendlyName();
      const create = compiled.createInferRequest.bind(compiled);
      compiled.createInferRequest = () => {
        const request = create();
        const run = request.runAsync.bind(request);
        request.runAsync = () => {
          counts.set(name, (counts.get(name) ?? 0) + 1);
          return run();
        };
        return request;
      };
      return compiled;
    }
  }
  return { openvino: { ...openvino, Core: CountingCore }, inferences: (model) => counts.get(model) ?? 0 };
}
