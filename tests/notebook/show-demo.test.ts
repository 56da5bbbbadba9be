// The demo in a notebook: a button that opens the page, and its address; nothing is loaded before a click.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSDOM } from 'jsdom';
import { showDemo } from '../../lib/notebook/show-demo';
import { recordOutputs } from './record-outputs';

test('showDemo: one click opens the frame once', () => {
  const [{ data }] = recordOutputs(() => showDemo({ url: 'http://127.0.0.1:40123/' }));
  assert.equal(data['text/plain'], 'Demo: http://127.0.0.1:40123/ (as long as this kernel runs)');
  const { document } = new JSDOM(data['text/html'], { runScripts: 'dangerously' }).window;
  assert.equal(document.querySelectorAll('iframe').length, 0);
  assert.equal(document.querySelector('a')?.href, 'http://127.0.0.1:40123/');
  const button = document.querySelector('button') ?? assert.fail('no button');
  button.click();
  button.click();
  assert.deepEqual(
    [...document.querySelectorAll('iframe')].map(({ src }) => src),
    ['http://127.0.0.1:40123/'],
  );
});
