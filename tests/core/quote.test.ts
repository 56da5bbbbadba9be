// Names from outside in a message: one line, bounded, and no character that a terminal obeys.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quote } from '../../lib/core/quote';

describe('quote', () => {
  it('is JSON where the text is ordinary', () => assert.equal(quote('grün "a"\n'), JSON.stringify('grün "a"\n')));
  it('cuts what is long', () => assert.ok(quote('x'.repeat(1e6)).length < 200));
  it('escapes control characters, line separators and marks that turn text around', () => {
    const text = '\u001b[2J\u0085\u009b\u2028\u202e\u2066';
    assert.match(quote(text), /^"[\x20-\x7e]+"$/);
    assert.equal(JSON.parse(quote(text)), text);
  });
});
