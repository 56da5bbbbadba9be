// Arguments of public functions: the message names the call and the argument, and looks into nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArgumentError, checkArguments, type ArgumentKind } from '../../lib/core/check-arguments';

test('what fits passes, what does not is named', () => {
  const cases: readonly (readonly [kind: ArgumentKind, good: readonly unknown[], bad: readonly unknown[]])[] = [
    ['path', ['', 'a/b'], [5, null, 'a\0b', 'x'.repeat(40_000), Buffer.from('a')]],
    ['text', ['', 'x'.repeat(40_000)], [5, undefined, Symbol('a')]],
    ['list', [[], [1]], [{}, 'ab', new Float32Array(1)]],
    ['texts', [[], ['a']], [['a', 5], 'a']],
    ['function', [() => 1], [{}, null]],
    ['number', [1, Number.NaN], ['1', 1n]],
    ['object', [{}, new Map()], [[], null, 'a', () => 1]],
    [['folder', 'get'], [{ folder: 1, get: 2 }], [{ folder: 1 }, null, 5]],
  ];
  for (const [kind, good, bad] of cases) {
    for (const value of good) assert.doesNotThrow(() => checkArguments('call', { argument: [value, kind] }));
    for (const value of bad)
      assert.throws(
        () => checkArguments('call', { first: ['a', 'text'], argument: [value, kind] }),
        (error) =>
          error instanceof ArgumentError &&
          /^call: argument is .+, expected .+\.$/.test(error.message) &&
          error.message.length < 200,
      );
  }
});
