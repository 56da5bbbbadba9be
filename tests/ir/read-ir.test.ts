// Graphs read back from disk: layers, edges, values of constants, and what operations inside a model compute.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { nodeOutputs } from '../../lib/evaluation';
import { GraphBuilder, readIR, ReadIRError, writeIR } from '../../lib/ir';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'read-ir-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
process.env.TMPDIR = folder; // where nodeOutputs puts its copy, apart from those of other processes
const file = path.join(folder, 'scaled.xml');

/** y = (x * [1, 2, 0.5]) + 1, with the factors in FP16. */
before(async () => {
  const g = new GraphBuilder('scaled');
  const x = g.parameter('x', 'f32', [-1, 3]);
  const bytes = () => new Uint8Array(Uint16Array.of(0x3c00, 0x4000, 0x3800).buffer);
  const factors = g.convert(g.constant('factors <&">', 'f16', [1, 3], { bytes }), 'f32', 'factors/f32', {
    decompression: true,
  });
  const scaled = g.multiply(x, factors, 'scaled');
  g.result('y', g.add(scaled, g.float('one', 1), 'sum'));
  await writeIR(g, file);
});

test('layers, what they read, and constants', () => {
  const ir = readIR(file);
  assert.deepEqual(
    ir.layers.map(({ type }) => type),
    ['Parameter', 'Const', 'Convert', 'Multiply', 'Const', 'Add', 'Result'],
  );
  assert.deepEqual(
    ir.layer('scaled').inputs.map(({ layer }) => layer.name),
    ['x', 'factors/f32'],
  );
  for (const name of ['factors <&">', 'factors/f32']) {
    const { data, shape } = ir.values(name);
    assert.deepEqual(Array.from(data), [1, 2, 0.5]);
    assert.deepEqual(shape, [1, 3]);
  }
  assert.deepEqual(Array.from(ir.values('one').data), [1]);
  assert.throws(() => ir.values('scaled'), /scaled.*Multiply.*expected a constant/);
  assert.throws(() => ir.layer('other'), /no layer "other" among 7/);
});

test('what operations inside a model compute, for each input', async () => {
  const rows = [Float32Array.of(1, 1, 1), Float32Array.of(-1, 0.25, 4)];
  const inputs = rows.map((data) => ({ x: { data, dims: [1, 3] } }));
  const found = await nodeOutputs(file, inputs, ['scaled', 'sum', 'scaled'] /* sum is the output y, too */);
  assert.deepEqual(
    found.map((each) => each.map(({ data }) => Array.from(data))),
    [
      [
        [1, 2, 0.5],
        [2, 3, 1.5],
        [1, 2, 0.5],
      ],
      [
        [-1, 0.5, 2],
        [0, 1.5, 3],
        [-1, 0.5, 2],
      ],
    ],
  );
  assert.deepEqual(found[0][0].dims, [1, 3]);
  await assert.rejects(nodeOutputs(file, inputs, ['nothing']), /no layer "nothing"/);
  await assert.rejects(nodeOutputs(file, inputs, ['y/result']), /has no output/);
  assert.deepEqual(
    fs.readdirSync(folder).filter((name) => name.startsWith('blip-node-outputs-')),
    [],
    'nothing is left',
  );
});

test('files that are no IR, or that do not fit together', () => {
  const write = (name: string, text: string): string => {
    fs.writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  assert.throws(() => readIR(path.join(folder, 'missing.xml')), ReadIRError);
  assert.throws(() => readIR(write('text.xml', 'hello')), /no <net> element/);
  assert.throws(() => readIR(folder), ReadIRError);
  const edge =
    '<net name="n"><layers/><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges></net>';
  assert.throws(() => readIR(write('edge.xml', edge)), /layer that is not there/);
  assert.throws(() => readIR(write('body.xml', '<net name="n"><layers><body></body></layers></net>')), /not supported/);
  const text = fs.readFileSync(file, 'utf8');
  const cut = write('cut.xml', text);
  fs.writeFileSync(cut.replace('.xml', '.bin'), Buffer.alloc(2));
  assert.throws(() => readIR(cut).values('factors/f32'), /cut\.bin has 2 bytes, expected \d+ or more/);
  const wrong = write('wrong.xml', text.replace('shape="1, 3"', 'shape="1, 4"'));
  assert.throws(() => readIR(wrong).values('factors/f32'), /6 bytes.*expected 8 for f16\[1, 4\]/);
  const type = write('type.xml', text.replace('element_type="f16"', 'element_type="__proto__"'));
  assert.throws(() => readIR(type).values('factors/f32'), /expected a constant of f32/);
});
