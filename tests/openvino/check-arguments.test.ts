// Every parameter of every C function has a check: what koffi would take for an address never reaches it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenVINOError } from '../../lib/openvino';
import { checkArguments } from '../../lib/openvino/check-arguments';

const refuses = (declaration: string, value: unknown, pattern: RegExp): void =>
  assert.throws(
    () => checkArguments('ov_call', declaration)([value]),
    (error) => error instanceof OpenVINOError && error.call === 'ov_call' && pattern.test(error.message),
    `${declaration} took a ${typeof value}`,
  );

test('each kind of parameter takes its own values only, and the message names the parameter', () => {
  const view = Float32Array.of(1);
  const cases: readonly (readonly [declaration: string, good: readonly unknown[], bad: readonly unknown[]])[] = [
    ['void *core', [1n, 2n ** 47n], [0n, -1n, 1, '1', null, undefined, {}, view]],
    ['const char *device', ['CPU', ''], [5, 5n, null, {}, ['CPU'], Buffer.from('CPU'), 'a\0b', 'x'.repeat(70_000)]],
    ['const char *bin', ['a.bin', null], [5, undefined, {}]],
    ['const char **names', [[], ['a', 'b']], ['a', [5], [null], {}, null]],
    ['size_t n', [0, 2 ** 40], [-1, 1.5, NaN, 2 ** 60, 1n, '1', null]],
    ['int type', [0, 19], [2 ** 31, -1, 'f32', 1n]],
    ['void *data', [view], [new Float32Array(0), 1n, [1], new Proxy(view, {}), new DataView(view.buffer)]],
    [
      'ov_shape_t shape',
      [
        { rank: 1, dims: [3] },
        { rank: 0, dims: [] },
      ],
      [{ rank: 2, dims: [3] }, { rank: 1, dims: [-1] }, 5, null],
    ],
    [
      'const ov_partial_shape_t *shapes',
      [[{ rank: { min: 1, max: 1 }, dims: [{ min: -1, max: -1 }] }]],
      [[{ rank: { min: 2, max: 2 }, dims: [{ min: 1, max: 1 }] }], [5], 5, [{ rank: { min: 1, max: 1 }, dims: [1.5] }]],
    ],
    [
      'const ov_property_t *properties',
      [null, [{ key: 'A', value: 'B' }]],
      [5, [5], [{ key: 5, value: 'B' }], [{ key: 'A', value: 5 }]],
    ],
    ['_Out_ void **core', [[null]], [5, null, undefined, 'x']],
  ];
  for (const [declaration, good, bad] of cases) {
    const check = checkArguments('ov_call', declaration);
    for (const value of good) assert.doesNotThrow(() => check([value]), declaration);
    const name = declaration.split(/\W+/).at(-1) ?? '';
    for (const value of bad) refuses(declaration, value, new RegExp(`^ov_call: ${name} is .*, expected `));
  }
});

test('the number of arguments counts, and a parameter without a check is refused when it is declared', () => {
  assert.throws(() => checkArguments('ov_call', 'void *a, size_t n')([1n]), /got 1 arguments, expected 2/);
  assert.throws(() => checkArguments('ov_call', 'float ratio'), /No check for the C parameter "float ratio"/);
});
