// A compiled graph with several users in this process. Each has a handle of its own; the last one frees the graph.
import { DisposedError, type CompiledModel, type InferRequest, type Port } from '../../openvino';

/** One compiled graph, its users, and the runs that must not overlap on it. */
export class SharedGraph {
  #users = 0;
  #alone = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param onFree called when the last user has gone */
  constructor(
    readonly compiled: CompiledModel,
    private readonly onFree: () => void = () => undefined,
  ) {}

  /** Whether somebody runs alone on it, or waits for that. */
  get isBusy(): boolean {
    return this.#alone > 0;
  }

  /** @returns false when it was freed already */
  join(): boolean {
    if (this.#users < 0) return false;
    this.#users++;
    return true;
  }

  leave(): void {
    if (--this.#users > 0) return;
    this.#users = -1;
    this.onFree();
    this.compiled.dispose();
  }

  /** One after the other. */
  async inTurn<T>(run: () => Promise<T>): Promise<T> {
    this.#alone++;
    const running = this.#last.then(run).finally(() => this.#alone--);
    this.#last = running.catch(() => undefined);
    return running;
  }
}

/** One user's handle of a compiled graph. */
export class SharedModel implements CompiledModel {
  readonly inputs: Port[];
  readonly outputs: Port[];
  #graph: SharedGraph;
  #disposed = false;

  /**
   * @param graph joined for this handle
   * @param compileOwn undefined where the files are no longer what they were
   */
  constructor(
    graph: SharedGraph,
    private readonly compileOwn: () => Promise<CompiledModel | undefined>,
  ) {
    this.#graph = graph;
    this.inputs = graph.compiled.inputs;
    this.outputs = graph.compiled.outputs;
  }

  /** The compiled graph itself, also after dispose(): for what is remembered of it. */
  get compiled(): CompiledModel {
    return this.#graph.compiled;
  }

  getProperty(name: string): string {
    return this.#usable().getProperty(name);
  }

  createInferRequest(): InferRequest {
    return this.#usable().createInferRequest();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#graph.leave();
  }

  /**
   * Runs what must not overlap with another run on the same graph. Where another user is at it, this one gets a
   * compiled graph of its own, once and for all: models that are loaded to work at the same time do so.
   */
  async alone<T>(run: () => Promise<T>): Promise<T> {
    if (this.#graph.isBusy && !this.#disposed) await this.#separate();
    return this.#graph.inTurn(run);
  }

  async #separate(): Promise<void> {
    const own = await this.compileOwn().catch(() => undefined);
    if (own === undefined) return; // waits for its turn instead
    if (this.#disposed) return own.dispose();
    const before = this.#graph;
    this.#graph = new SharedGraph(own);
    this.#graph.join();
    before.leave();
  }

  #usable(): CompiledModel {
    if (this.#disposed) throw new DisposedError('CompiledModel');
    return this.#graph.compiled;
  }
}

/** What a handle stands for. */
export function compiledGraph(model: CompiledModel): CompiledModel {
  return model instanceof SharedModel ? model.compiled : model;
}

/** See SharedModel.alone; a model that is not shared has one user, who takes turns. */
export function runAlone<T>(model: CompiledModel, run: () => Promise<T>): Promise<T> {
  return model instanceof SharedModel ? model.alone(run) : run();
}
