// The compiled vision model: for one image, and, when the first batch comes, once more for batches of any size.
import { fileIdentity } from '../model-folder/digest-memory';
import { ModelFolderError } from '../model-folder/manifest';
import type { CompiledModel, Config, Core } from '../openvino';

/**
 * Nearly every call has one image, which is faster with a static batch size
 * (docs/decisions/006-vision-model-for-one-image.md).
 */
export class VisionModel {
  #batches: Promise<CompiledModel> | undefined;

  private constructor(
    private readonly compile: (batch: number) => Promise<CompiledModel>,
    readonly single: CompiledModel,
  ) {}

  /** @param xml the IR of `visionModel`: pixel_values [batch, 3, image_size, image_size] */
  static async load(core: Core, xml: string, device: string, config: Config): Promise<VisionModel> {
    const compile = async (batch: number): Promise<CompiledModel> => {
      const model = await core.readModel(xml);
      try {
        const [, ...rest] = model.inputs[0].getPartialShape();
        return await core.compileModel(
          model.reshape({ [model.inputs[0].getAnyName()]: [batch, ...rest] }),
          device,
          config,
        );
      } finally {
        model.dispose();
      }
    };
    const files = async (): Promise<string> => {
      const states = [xml, xml.replace(/xml$/, 'bin')].map(async (file) => (await fileIdentity(file)).identity);
      return (await Promise.all(states)).join();
    };
    const loaded = await files();
    const compileLater = async (batch: number): Promise<CompiledModel> => {
      const model = await compile(batch);
      if ((await files()) === loaded) return model;
      model.dispose();
      throw new ModelFolderError(`${xml}: was written anew since it was loaded. Load the model again.`);
    };
    return new VisionModel(compileLater, await compile(1));
  }

  /** The model for `rows` images; compiled now if it is the first batch. */
  forRows(rows: number): Promise<CompiledModel> {
    if (rows === 1) return Promise.resolve(this.single);
    this.#batches ??= this.compile(-1).catch((error: unknown) => {
      this.#batches = undefined;
      throw error;
    });
    return this.#batches;
  }

  dispose(): void {
    this.single.dispose();
    void this.#batches?.then(
      (model) => model.dispose(),
      () => undefined,
    );
  }
}
