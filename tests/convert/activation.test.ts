// Every activation function that config.json may name, as a compiled graph, against PyTorch's values
// (tests/fixtures/make_checkpoints.py). Tolerance: 2e-5 on values up to 144 (relu2 of 12), relative above 1: the CPU
// plugin's GELU is a polynomial that is off by some 1e-6.
// sqrtsoftplus is allowed 1e-4: the plugin's SoftPlus(-12) is 5.7e-6 instead of 6.1e-6, and the root makes 9e-5 of
// that.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, it } from 'node:test';
import { parseBlipConfig } from '../../lib/checkpoint';
import { activation } from '../../lib/convert/activation';
import { GraphBuilder, writeIR } from '../../lib/ir';
import { loadOpenVINO } from '../../lib/openvino';

const tolerance = (name: string): number => (name === 'sqrtsoftplus' ? 1e-4 : 2e-5);
const fixture: { inputs: number[]; values: Record<string, number[]> } = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'checkpoint', 'activations.json'), 'utf8'),
);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-activation-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));
const { Core, Tensor } = loadOpenVINO();

for (const [name, expected] of Object.entries(fixture.values))
  it(name, async () => {
    const { hidden_act } = parseBlipConfig({ text_config: { hidden_act: name } }, 'config.json').text_config;
    const graph = new GraphBuilder('activation');
    const x = graph.parameter('x', 'f32', [-1]);
    // adding 0 gives `linear`, which is no operation, an output of its own
    graph.result('y', graph.add(activation(graph, x, hidden_act, 'activation'), graph.float('zero', 0), 'sum'));
    const { xml } = await writeIR(graph, path.join(work, `${name}.xml`));
    const request = (
      await new Core().compileModel(xml, 'CPU', { INFERENCE_PRECISION_HINT: 'f32' })
    ).createInferRequest();
    request.infer({ x: new Tensor('f32', [expected.length], Float32Array.from(fixture.inputs)) });
    const { data } = request.getTensor('y');
    expected.forEach((value, i) => {
      const difference = Math.abs(Number(data[i]) - value) / Math.max(1, Math.abs(value));
      assert.ok(difference < tolerance(name), `${name}(${fixture.inputs[i]}) is ${data[i]}, expected ${value}`);
    });
  });
