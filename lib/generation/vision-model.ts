// The compiled vision model: for one image, and, when the first batch comes, once more for batches of any size.
import type { CompiledModel, Config, Core } from '../openvino';

/** Nearly every call has one image, which is faster with a static batch size (docs/decisions/006-vision-model-for-one-image.md). */
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
    return new VisionModel(compile, await compile(1));
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
