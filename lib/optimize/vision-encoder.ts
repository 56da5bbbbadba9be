// The FP16 vision model as calibration runs it: one image in, its embeddings out.
import { loadOpenVINO, type CompiledModel, type Config, type Core, type InferRequest } from '../openvino';
import type { PixelValues } from '../preprocessing';
import { QuantizeError } from './quantize-options';

/** Devices that compute in f32 on request. */
const TAKES_F32 = /^([CG]PU|AUTO|MULTI|HETERO|BATCH)\b(?!.*NPU)/;

export interface VisionEncoderOptions {
  readonly device?: string;
  readonly properties?: Config;
}

export class VisionEncoder {
  private readonly request: InferRequest;

  private constructor(
    private readonly core: Core,
    private readonly model: CompiledModel,
  ) {
    this.request = model.createInferRequest();
  }

  /** f32 as in NNCF's own runs: the quantized model does not depend on whether this processor has bf16. */
  static async load(xml: string, { device = 'CPU', properties }: VisionEncoderOptions): Promise<VisionEncoder> {
    const core = new (loadOpenVINO().Core)();
    try {
      const precision: Config = TAKES_F32.test(device) ? { INFERENCE_PRECISION_HINT: 'f32' } : {};
      const settings = { PERFORMANCE_HINT: 'LATENCY', ...precision, ...properties };
      return new VisionEncoder(core, await core.compileModel(xml, device, settings));
    } catch (error) {
      core.dispose();
      throw error;
    }
  }

  /**
   * @returns `last_hidden_state`, [1, tokens, hidden] f32
   * @throws {QuantizeError} when it, or its input, is not finite
   */
  async run({ data, dims }: PixelValues): Promise<{ data: Float32Array; shape: [number, number, number] }> {
    if (!allFinite(data)) throw new QuantizeError('pixel_values holds NaN or infinity');
    const pixel_values = new (loadOpenVINO().Tensor)('f32', dims, data); // [1, 3, image_size, image_size] f32
    const { last_hidden_state } = await this.request.inferAsync({ pixel_values });
    const embeds = last_hidden_state.getData();
    if (!(embeds instanceof Float32Array))
      throw new QuantizeError(`last_hidden_state is ${last_hidden_state.getElementType()}, expected f32`);
    if (!allFinite(embeds)) throw new QuantizeError("the vision model's last_hidden_state holds NaN or infinity");
    const [batch, tokens, hidden] = last_hidden_state.getShape();
    last_hidden_state.dispose();
    return { data: embeds, shape: [batch, tokens, hidden] };
  }

  dispose(): void {
    this.request.dispose();
    this.model.dispose();
    this.core.dispose();
  }
}

function allFinite(values: Float32Array): boolean {
  let sum = 0; // times zero, everything finite is zero; NaN and infinity are NaN
  for (let i = 0; i < values.length; i++) sum += values[i] * 0;
  return sum === 0;
}
