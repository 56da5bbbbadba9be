// measure-overhead.ts FOLDER PICTURE: what a token costs outside OpenVINO, where the model is so small that it shows.
// Runs in a process of its own with a young generation large enough that nothing is collected while it counts
// allocations.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { BlipProcessor, loadOpenVINO, OVBlipModel, summarize, type InferRequest, type OpenVINO } from '../lib';
import { GraphBuilder, writeIR } from '../lib/ir';

const RUNS = 200;
const WARM_UP = 50;
const TOKENS = 20;

export interface Overhead {
  /** Milliseconds per token. */
  readonly per_token: number;
  /** Of it, inside OpenVINO: the inference call less the way there and back. */
  readonly inside: number;
  /** Of it, everything else: search, tensors, the way into the library and back. */
  readonly outside: number;
  readonly outside_p90: number;
  readonly allocated_bytes_per_token: number;
  /** An empty model's asynchronous call, for comparison: the price of the way there and back alone. */
  readonly empty_call: number;
}

/** Milliseconds in inference calls since it was last set to zero. */
let inside = 0;

/** Puts a clock into the runtime's requests: into all of them, through the class of this one. */
function clockRequests(request: InferRequest): void {
  const shared: unknown = Object.getPrototypeOf(request);
  if (typeof shared !== 'object' || shared === null || !('runAsync' in shared))
    throw new TypeError("the runtime's InferRequest has no runAsync");
  const original = request.runAsync;
  shared.runAsync = async function clocked(this: InferRequest) {
    const start = performance.now();
    await original.call(this);
    inside += performance.now() - start;
  };
}

/** Median milliseconds of one asynchronous call of a model that only adds a number. */
async function measureEmptyCall(request: InferRequest): Promise<number> {
  const samples: number[] = [];
  for (let run = -WARM_UP; run < RUNS * 5; run++) {
    const start = performance.now();
    await request.runAsync();
    if (run >= 0) samples.push(performance.now() - start);
  }
  return summarize(samples).median;
}

async function emptyRequest({ Core, Tensor }: OpenVINO): Promise<InferRequest> {
  const graph = new GraphBuilder('empty');
  graph.result('y', graph.add(graph.parameter('x', 'f32', [1]), graph.float('one', 1), 'sum'));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-empty-'));
  try {
    const { xml } = await writeIR(graph, path.join(folder, 'empty.xml'));
    const request = (await new Core().compileModel(xml, 'CPU')).createInferRequest();
    request.setTensor('x', new Tensor('f32', [1], new Float32Array(1)));
    return request;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function main(folder: string, picture: string): Promise<void> {
  const openvino = loadOpenVINO();
  const request = await emptyRequest(openvino);
  const empty_call = await measureEmptyCall(request);
  clockRequests(request);
  const model = await OVBlipModel.load(folder, { openvino });
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const image_embeds = await model.encodeImage({ pixel_values: await processor.image(picture) });
  const totals: number[] = [];
  const insides: number[] = [];
  const allocations: number[] = [];
  for (let run = -WARM_UP; run < RUNS; run++) {
    inside = 0;
    const heap = process.memoryUsage().heapUsed;
    const start = performance.now();
    await model.generateCaption({ image_embeds }, { max_new_tokens: TOKENS, min_new_tokens: TOKENS });
    if (run < 0) continue;
    totals.push((performance.now() - start) / TOKENS);
    insides.push(inside / TOKENS - empty_call);
    allocations.push((process.memoryUsage().heapUsed - heap) / TOKENS);
  }
  const outside = summarize(totals.map((total, run) => total - insides[run]));
  const overhead: Overhead = {
    per_token: summarize(totals).median,
    inside: summarize(insides).median,
    outside: outside.median,
    outside_p90: outside.p90,
    allocated_bytes_per_token: Math.round(summarize(allocations).median),
    empty_call,
  };
  console.log(JSON.stringify(overhead));
}

void main(process.argv[2], process.argv[3]);
