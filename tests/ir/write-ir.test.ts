// The files: what OpenVINO reads from them, marks and names, constants stored once, and that nobody ever sees half a
// model.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { floatToHalf } from '../../lib/core/float16';
import { GraphBuilder, GraphError, writeIR } from '../../lib/ir';
import { loadOpenVINO } from '../../lib/openvino';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'write-ir-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const ov = loadOpenVINO();
const core = new ov.Core();
const bytesOf = (array: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
/** A folder of its own, to see what is left in it. */
const place = (name: string): string => path.join(folder, name, 'model.xml');
const WEIGHTS = Float32Array.from({ length: 15 }, (_, n) => n / 4 - 2); // exact in f16
const X = Float32Array.of(1, -2, 0.5, 4, 3);

/** y [?, 3] = x [?, 5] times a weight [3, 5], stored in f32 or in f16. */
function linear(half: boolean, name = 'linear'): GraphBuilder {
  const graph = new GraphBuilder(name);
  const stored = half
    ? graph.constant('layer.weight', 'f16', [3, 5], { key: 'w', bytes: () => bytesOf(floatToHalf(WEIGHTS)) })
    : graph.constant('layer.weight', 'f32', [3, 5], { key: 'w', bytes: () => bytesOf(WEIGHTS) });
  const weight = half ? graph.convert(stored, 'f32', 'layer.weight/to_f32', { decompression: true }) : stored;
  graph.result('y', graph.matmul(graph.parameter('x', 'f32', [-1, 5]), weight, 'layer', { transposeB: true }));
  return graph;
}

for (const half of [false, true])
  test(`weights in ${half ? 'FP16, marked for decompression' : 'FP32'}: the file, and its results`, async () => {
    const file = place(`half-${half}`);
    const written = await writeIR(linear(half), file, { info: { framework: 'test', note: '<&">' } });
    assert.deepEqual(written, {
      xml: file,
      bin: file.replace('.xml', '.bin'),
      xmlBytes: fs.statSync(file).size,
      binBytes: 15 * (half ? 2 : 4),
    });
    const xml = fs.readFileSync(file, 'utf8');
    assert.match(xml, /^<\?xml version="1\.0"\?>\n<net name="linear" version="11">/);
    assert.match(xml, /<layer id="\d+" name="layer\.weight" type="Const" version="opset1">/);
    assert.match(
      xml,
      new RegExp(`<data element_type="${half ? 'f16' : 'f32'}" shape="3, 5" offset="0" size="${half ? 30 : 60}"/>`),
    );
    const [convert] = /<layer [^>]*name="layer\.weight\/to_f32" type="Convert".*/.exec(xml) ?? [];
    assert.equal(convert !== undefined, half);
    if (convert !== undefined) {
      assert.match(convert, /<data destination_type="f32"\/><rt_info>/);
      assert.match(convert, /<rt_info><attribute name="decompression" version="0"\/><\/rt_info>/);
    }
    const [multiply = ''] = /<layer id="\d+" name="layer" type="MatMul" .*/.exec(xml) ?? [];
    assert.match(multiply, /<port id="2" precision="FP32" names="y"><dim>-1<\/dim><dim>3<\/dim><\/port>/);
    assert.match(xml, /<rt_info>\n<framework value="test"\/>\n<note value="&lt;&amp;&quot;&gt;"\/>\n<\/rt_info>/);

    const model = core.readModelSync(file);
    assert.deepEqual([...model.inputs, ...model.outputs].map(String), ['x f32 [?,5]', 'y f32 [?,3]']);
    const request = core.compileModelSync(model, 'CPU', { INFERENCE_PRECISION_HINT: 'f32' }).createInferRequest();
    const { y } = request.infer({ x: new ov.Tensor('f32', [1, 5], X) });
    // Sums of five products of quarters: exact in f32, in whatever order.
    assert.deepEqual(
      y.data,
      Float32Array.from({ length: 3 }, (_, row) =>
        X.reduce((total, value, k) => total + value * WEIGHTS[row * 5 + k], 0),
      ),
    );
  });

test('names: unique for nodes, several for one value, with commas and quotes', async () => {
  const graph = new GraphBuilder('names & "quotes"');
  const x = graph.parameter('x, the "input"', 'f32', [2]);
  const twice = graph.add(x, x, 'sum');
  const four = graph.add(twice, twice, 'sum');
  graph.result('y', four);
  graph.result('same, again', four);
  graph.result('x out', x);
  assert.deepEqual(
    graph.nodes.filter(({ type }) => type === 'Add').map(({ name }) => name),
    ['sum', 'sum_1'],
  );
  const { xml } = await writeIR(graph, place('names'));
  const model = core.readModelSync(xml);
  assert.equal(model.getFriendlyName(), 'names & "quotes"');
  assert.equal(model.outputs.length, 3);
  const request = core.compileModelSync(model, 'CPU').createInferRequest();
  request.setTensor('x, the "input"', new ov.Tensor('f32', [2], Float32Array.of(1, 2)));
  request.run();
  for (const name of ['y', 'same, again']) assert.deepEqual(request.getTensor(name).data, Float32Array.of(4, 8));
  assert.deepEqual(request.getTensor('x out').data, Float32Array.of(1, 2));
});

test('a constant with a key is stored once per type; each starts at a multiple of 8; empty ones work', async () => {
  const graph = new GraphBuilder('shared');
  let made = 0;
  const source = {
    key: 'same',
    bytes: () => {
      made++;
      return bytesOf(Float32Array.of(1, 2, 3));
    },
  };
  const x = graph.parameter('x', 'f32', [3]);
  const first = graph.add(x, graph.constant('first', 'f32', [3], source), 'a');
  const second = graph.add(first, graph.constant('second', 'f32', [3], source), 'b');
  const third = graph.add(second, graph.reshape(graph.constant('third', 'f32', [1, 3], source), [3], 'flat'), 'c');
  graph.result(
    'y',
    graph.add(third, graph.constant('own', 'f32', [3], { bytes: () => bytesOf(Float32Array.of(10, 20, 30)) }), 'd'),
  );
  graph.result('none', graph.constant('none', 'f32', [0, 2], { bytes: () => new Uint8Array(0) }));
  const progress: number[] = [];
  const { xml, binBytes } = await writeIR(graph, place('shared'), { on_bytes: (bytes) => progress.push(bytes) });
  assert.equal(made, 1);
  const text = fs.readFileSync(xml, 'utf8');
  const offsets = [
    ...text.matchAll(/name="(first|second|third|own)" type="Const"[^>]*><data [^>]*offset="(\d+)"/g),
  ].map(([, name, offset]) => [name, Number(offset)]);
  assert.equal(new Set(offsets.slice(0, 3).map(([, offset]) => offset)).size, 1);
  assert.ok(offsets.every(([, offset]) => Number(offset) % 8 === 0));
  assert.deepEqual(
    progress,
    [...progress].sort((a, b) => a - b),
  );
  assert.equal(progress.at(-1), binBytes);
  const outputs = core
    .compileModelSync(xml, 'CPU', { INFERENCE_PRECISION_HINT: 'f32' })
    .createInferRequest()
    .infer({ x: new ov.Tensor('f32', [3], new Float32Array(3)) });
  assert.deepEqual(outputs.y.data, Float32Array.of(13, 26, 39));
  assert.deepEqual(outputs.none.getShape(), [0, 2]);
});

test('a constant of the wrong length, a file that is no .xml, a key that is no name: nothing is left', async () => {
  const graph = new GraphBuilder('wrong');
  graph.result('y', graph.constant('bias', 'f32', [4], { bytes: () => new Uint8Array(12) }));
  const file = place('wrong');
  await assert.rejects(
    writeIR(graph, file),
    (error) =>
      error instanceof GraphError && error.message === 'Constant "bias": got 12 bytes, expected 16 for f32[4].',
  );
  assert.deepEqual(fs.readdirSync(path.dirname(file)), []);
  await assert.rejects(writeIR(linear(true), file.replace('.xml', '.onnx')), /model\.onnx: .*ends in \.xml/);
  await assert.rejects(writeIR(linear(true), file, { info: { 'two words': '' } }), /"two words" .*XML name/);
  assert.deepEqual(fs.readdirSync(path.dirname(file)), []);
});

test('cancelled or failed, an earlier model stays as it was', async () => {
  const file = place('cancelled');
  await writeIR(linear(false, 'earlier'), file);
  const before = [file, file.replace('.xml', '.bin')].map((name) => fs.readFileSync(name));
  const controller = new AbortController();
  const graph = new GraphBuilder('later');
  for (let n = 0; n < 5; n++)
    graph.constant(`c${n}`, 'f32', [1], {
      bytes: () => {
        if (n === 2) controller.abort(new Error('stopped'));
        return new Uint8Array(4);
      },
    });
  await assert.rejects(writeIR(graph, file, { signal: controller.signal }), /stopped/);
  const broken = new GraphBuilder('broken');
  broken.constant('c', 'f32', [1], {
    bytes: () => {
      throw new Error('unreadable checkpoint');
    },
  });
  await assert.rejects(writeIR(broken, file), /unreadable checkpoint/);
  await assert.rejects(writeIR(linear(true), file, { signal: AbortSignal.abort() }), /abort/i);
  assert.deepEqual(fs.readdirSync(path.dirname(file)).sort(), ['model.bin', 'model.xml']);
  assert.deepEqual(
    [file, file.replace('.xml', '.bin')].map((name) => fs.readFileSync(name)),
    before,
  );
});

test('while a model is replaced, an .xml is only there with its own .bin; two writers do not mix', async () => {
  const file = place('replaced');
  const bin = file.replace('.xml', '.bin');
  await writeIR(linear(false, 'old'), file);
  const events: string[] = [];
  const watched = fs.promises.rename;
  // What a reader could find just before each rename.
  fs.promises.rename = async (from, to) => {
    events.push(`${path.basename(String(to))}, ${fs.existsSync(file) ? 'with' : 'without'} xml`);
    await watched(from, to);
  };
  try {
    await writeIR(linear(true, 'new'), file);
  } finally {
    fs.promises.rename = watched;
  }
  assert.deepEqual(events, ['model.bin, without xml', 'model.xml, without xml']);
  assert.deepEqual([fs.statSync(bin).size, core.readModelSync(file).getFriendlyName()], [30, 'new']);
  await Promise.all([0, 1, 2].map(() => writeIR(linear(true, 'again'), file)));
  assert.deepEqual(fs.readdirSync(path.dirname(file)).sort(), ['model.bin', 'model.xml']);
  assert.equal(core.readModelSync(file).getFriendlyName(), 'again');
});
