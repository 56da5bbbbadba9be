// Inference requests that are kept for later calls: making one takes time, and calls may overlap.
import type { CompiledModel, InferRequest } from '../openvino';

export class RequestPool {
  #idle = new Map<CompiledModel, InferRequest[]>();

  /** Calls `use` with a request that no other call uses. */
  async with<T>(model: CompiledModel, use: (request: InferRequest) => Promise<T>): Promise<T> {
    const idle = this.#idle;
    const requests = idle.get(model) ?? [];
    idle.set(model, requests);
    const request = requests.pop() ?? model.createInferRequest();
    try {
      return await use(request);
    } finally {
      if (this.#idle === idle) requests.push(request);
      else request.dispose(); // cleared in the meantime
    }
  }

  /** Frees all requests; those in use, when their call ends. */
  clear(): void {
    const idle = this.#idle;
    this.#idle = new Map();
    for (const requests of idle.values()) for (const request of requests) request.dispose();
  }
}
