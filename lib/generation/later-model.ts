// A model that is compiled when it is first needed: many callers never need it.
import { fileIdentity } from '../model-folder/digest-memory';
import { ModelFolderError } from '../model-folder/manifest';
import type { CompiledModel } from '../openvino';

export class LaterModel {
  #model: Promise<CompiledModel> | undefined;

  private constructor(
    private readonly xml: string,
    private readonly seen: string,
    private readonly compile: () => Promise<CompiledModel>,
  ) {}

  /** @param xml looked at now: what is written under its name later is another model */
  static async of(xml: string, compile: () => Promise<CompiledModel>): Promise<LaterModel> {
    return new LaterModel(xml, await filesOf(xml), compile);
  }

  /** @throws {ModelFolderError} when the files were written anew since; what `compile` throws */
  get(): Promise<CompiledModel> {
    this.#model ??= this.#compileUnchanged().catch((error: unknown) => {
      this.#model = undefined;
      throw error;
    });
    return this.#model;
  }

  /** @throws {ModelFolderError} when the other was made of other files under the same name */
  assertSame(other: LaterModel): void {
    if (this.seen !== other.seen) throw writtenAnew(this.xml);
  }

  dispose(): void {
    void this.#model?.then(
      (model) => model.dispose(),
      () => undefined,
    );
  }

  async #compileUnchanged(): Promise<CompiledModel> {
    const model = await this.compile();
    if ((await filesOf(this.xml)) === this.seen) return model;
    model.dispose();
    throw writtenAnew(this.xml);
  }
}

function writtenAnew(xml: string): ModelFolderError {
  return new ModelFolderError(`${xml}: was written anew since it was loaded. Load the model again.`);
}

/** What the file system knows of a graph and its weights. */
async function filesOf(xml: string): Promise<string> {
  const states = [xml, xml.replace(/xml$/, 'bin')].map(async (file) => (await fileIdentity(file)).identity);
  return (await Promise.all(states)).join();
}
