// The compiled vision model: for one image, and, when the first batch comes, once more for batches of any size.
import type { CompiledModel, Config } from '../openvino';
import type { GraphPart } from './compiled/compile-part';
import { sharePart } from './compiled/share-part';
import { LaterModel } from './later-model';

/** The output of a model that compares images and texts; others have none. */
const FEATURES = 'image_embeds';

/**
 * Nearly every call has one image, which is faster with a static batch size
 * (docs/decisions/006-vision-model-for-one-image.md).
 */
export class VisionModel {
  private constructor(
    readonly single: CompiledModel,
    private readonly batches: LaterModel,
    private readonly graph: GraphPart,
  ) {}

  /** @param graph the IR of `visionModel`: pixel_values [batch, 3, image_size, image_size] */
  static async load(graph: GraphPart): Promise<VisionModel> {
    const compile = (batch: number): Promise<CompiledModel> => sharePart({ ...graph, batch });
    const batches = await LaterModel.of(graph.xml, () => compile(-1));
    return new VisionModel(await compile(1), batches, graph);
  }

  /** The same files, compiled with other properties. @throws {ModelFolderError} when they were written anew since */
  async withProperties(properties: Config): Promise<VisionModel> {
    const model = await VisionModel.load({ ...this.graph, onCompiling: undefined, properties });
    try {
      model.batches.assertSame(this.batches);
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /** Length of the contrastive features that it gives beside its hidden states; undefined where it gives none. */
  get featureSize(): number | undefined {
    const port = this.single.outputs.find((output) => output.getAnyName() === FEATURES);
    const size = port?.getPartialShape()[1];
    return typeof size === 'number' ? size : undefined;
  }

  /** The model for `rows` images; compiled now if it is the first batch. */
  forRows(rows: number): Promise<CompiledModel> {
    return rows === 1 ? Promise.resolve(this.single) : this.batches.get();
  }

  dispose(): void {
    this.single.dispose();
    this.batches.dispose();
  }
}
