// What an IR holds, counted in its .xml: constants by element type, and quantizers.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { IrStatisticsError, irStatistics } from '../../lib/ir';

let folder = '';
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ir-statistics-'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(xml: string, bin: Uint8Array | null = new Uint8Array(7)): string {
  const file = path.join(folder, 'model.xml');
  fs.writeFileSync(file, xml);
  fs.rmSync(path.join(folder, 'model.bin'), { force: true });
  if (bin) fs.writeFileSync(path.join(folder, 'model.bin'), bin);
  return file;
}

const constant = (type: string, size: number): string =>
  `<layer id="1" name="a" type="Const" version="opset1">\n<data element_type="${type}" shape="2, 3" offset="0" ` +
  `size="${size}"/><output/></layer>`;
const LAYERS = [
  constant('f16', 12),
  constant('u8', 6),
  constant('i8', 6),
  constant('i4', 3),
  constant('i8', 4),
  constant('f32', 24),
  constant('i64', 48),
  '<layer id="2" name="q" type="FakeQuantize" version="opset1"><data levels="256" auto_broadcast="numpy"/></layer>',
  // Not a constant
  '<layer id="3" name="FakeQuantize" type="Parameter" version="opset1"><data shape="?" element_type="i8"/></layer>',
  '<layer id="4" name="c" type="Convert" version="opset1"><data destination_type="f32"/></layer>',
];

for (const [how, separator] of [
  ['on lines of their own', '\n'],
  ['all on one line', ''],
] as const)
  test(`layers ${how}`, async () => {
    const statistics = await irStatistics(
      write(
        `<?xml version="1.0"?>${separator}<net name="m" version="11"><layers>${LAYERS.join(separator)}</layers></net>`,
      ),
    );
    assert.equal(statistics.operations, LAYERS.length);
    assert.equal(statistics.fakeQuantize, 1);
    assert.deepEqual(statistics.constants, {
      f16: { count: 1, bytes: 12 },
      u8: { count: 1, bytes: 6 },
      i8: { count: 2, bytes: 10 },
      i4: { count: 1, bytes: 3 },
      f32: { count: 1, bytes: 24 },
      i64: { count: 1, bytes: 48 },
    });
    assert.deepEqual(statistics.integerConstants, { count: 4, bytes: 19 });
    assert.equal(statistics.binBytes, 7);
  });

test('a missing .bin, a missing .xml, and what is no IR', async () => {
  await assert.rejects(
    irStatistics(write('<net />', null)),
    (error: unknown) => error instanceof IrStatisticsError && /model\.bin is missing/.test(error.message),
  );
  await assert.rejects(irStatistics(path.join(folder, 'absent.xml')), /absent\.xml is missing/);
  await assert.rejects(irStatistics(write('<html></html>')), /no <net> element/);
  await assert.rejects(irStatistics(write('')), IrStatisticsError);
});
