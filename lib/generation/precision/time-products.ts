// How long a device takes for the matrix products of a part of the model, in one precision and in another.
import * as path from 'node:path';
import { removeQuietly } from '../../core/remove-quietly';
import { temporaryFolder } from '../../core/temporary-folder';
import { GraphBuilder, writeIR, type Value } from '../../ir';
import type { CompiledModel, Config, Core, InferRequest, OpenVINO } from '../../openvino';
import { occupying, type TimedTurns } from './judge-trial';

/** The products that a part of the model spends its time on: of its feed-forward blocks, two per layer. */
export interface ProductSizes {
  /** Vectors that are multiplied at once: patches of an image, tokens of a text. */
  readonly rows: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
}

/** Beside the first inference, which packs the weights. */
const MIN_RUNS = 4;
const MAX_RUNS = 12;
/** More than MIN_RUNS only within this time. */
const ENOUGH_MS = 200;

const BYTES_OF_FP16 = 2;

/**
 * Compiles the products once for each setting, and runs them in turns. The weights are zeros: the time does not depend
 * on their values.
 *
 * @throws the system's or OpenVINO's error
 */
export async function timeProducts(
  openvino: OpenVINO,
  core: Core,
  device: string,
  sizes: ProductSizes,
  settings: readonly Config[],
): Promise<TimedTurns> {
  const folder = await temporaryFolder('blip-precision-');
  const compiled: CompiledModel[] = [];
  const requests: InferRequest[] = [];
  try {
    const { xml } = await writeIR(productGraph(sizes), path.join(folder, 'products.xml'));
    const input = new Float32Array(sizes.rows * sizes.hidden).fill(0.5);
    for (const setting of settings) {
      const model = await core.compileModel(xml, device, setting);
      compiled.push(model);
      const request = model.createInferRequest();
      requests.push(request);
      request.setTensor('x', new openvino.Tensor('f32', [1, sizes.rows, sizes.hidden], input));
      await request.runAsync();
    }
    const { result: times, occupied } = await occupying(() => takeTurns(requests));
    return { times, occupied };
  } finally {
    for (const request of requests) request.dispose();
    for (const model of compiled) model.dispose();
    await removeQuietly(folder);
  }
}

async function takeTurns(requests: readonly InferRequest[]): Promise<number[][]> {
  const times: number[][] = requests.map(() => []);
  const begin = performance.now();
  for (let run = 0; run < MAX_RUNS && (run < MIN_RUNS || performance.now() - begin < ENOUGH_MS); run++)
    for (const [i, request] of requests.entries()) {
      const start = performance.now();
      await request.runAsync();
      times[i].push(performance.now() - start);
    }
  return times;
}

/** Feed-forward blocks in a row, with FP16 weights as convertBlip stores them. */
function productGraph({ rows, hidden, intermediate, layers }: ProductSizes): GraphBuilder {
  const g = new GraphBuilder('products');
  const weight = (name: string, shape: readonly [number, number]): Value => {
    const bytes = shape[0] * shape[1] * BYTES_OF_FP16;
    const constant = g.constant(name, 'f16', shape, { bytes: () => new Uint8Array(bytes) });
    return g.convert(constant, 'f32', `${name}/to_f32`, { decompression: true });
  };
  let value = g.parameter('x', 'f32', [1, rows, hidden]); // [1, rows, hidden] f32
  for (let layer = 0; layer < layers; layer++) {
    const up = weight(`${layer}/up`, [intermediate, hidden]);
    const wide = g.gelu(g.matmul(value, up, `${layer}/wide`, { transposeB: true }), `${layer}/gelu`);
    const down = weight(`${layer}/down`, [hidden, intermediate]);
    value = g.matmul(wide, down, `${layer}/narrow`, { transposeB: true }); // [1, rows, hidden] f32
  }
  g.result('y', value);
  return g;
}
