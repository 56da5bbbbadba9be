// The demo in a notebook: a button that opens the page, and its address; nothing is loaded before a click. Which way
// the button finds to the kernel's port, on the same machine, through Jupyter's proxy, and without either.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import { showDemo } from '../../lib/notebook/show-demo';
import { recordOutputs } from './record-outputs';

const DEMO = { url: 'http://127.0.0.1:40123/?token=abc', port: 40123, token: 'abc' };
const CONFIG = '<script id="jupyter-config-data" type="application/json">{"baseUrl": "/user/ann/"}</script>';

/** Jupyter's page with the output in it; `answer` is what its requests get, undefined where nothing listens. */
function openOutput(
  jupyter: string,
  answer: (address: string) => Response | undefined,
  { demo = DEMO, config = CONFIG } = {},
): { window: JSDOM['window']; click: () => Promise<void>; frames: () => string[]; told: () => string } {
  const [{ data }] = recordOutputs(() => showDemo(demo));
  assert.equal(data['text/plain'], `Demo: ${demo.url} (as long as this kernel runs)`);
  const { window } = new JSDOM(`${config}${data['text/html']}`, {
    url: jupyter,
    runScripts: 'dangerously',
    beforeParse: (page) => {
      Object.assign(page, {
        fetch: async (address: string) => answer(address) ?? Promise.reject(new TypeError('Failed to fetch')),
      });
    },
  });
  const find = (selector: string): Element => window.document.querySelector(selector) ?? assert.fail(selector);
  return {
    window,
    click: async () => {
      find('button').dispatchEvent(new window.MouseEvent('click'));
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    frames: () => [...window.document.querySelectorAll('iframe')].map(({ src }) => src),
    told: () => find('[role=status]').textContent ?? '',
  };
}

describe('showDemo', () => {
  const notFound = (): Response => new Response('Not Found', { status: 404 });

  it('on the same machine, one click opens the frame once, at the kernel’s port', async () => {
    const { window, click, frames } = openOutput('http://localhost:8888/user/ann/lab', notFound);
    assert.deepEqual(frames(), [], 'nothing before the click');
    assert.equal(window.document.querySelector('a')?.href, DEMO.url);
    await click();
    const button = window.document.querySelector('button');
    assert.ok(button?.disabled);
    button.click();
    assert.deepEqual(frames(), [DEMO.url]);
  });

  it('through Jupyter’s proxy, where the server has it', async () => {
    const asked: string[] = [];
    const { window, click, frames } = openOutput('https://hub.example.org/user/ann/lab', (address) => {
      asked.push(address);
      return new Response('{}');
    });
    await click();
    assert.deepEqual(asked, ['/user/ann/proxy/40123/about']);
    const proxied = 'https://hub.example.org/user/ann/proxy/40123/#token=abc';
    assert.deepEqual(frames(), [proxied]);
    assert.equal(window.document.querySelector('a')?.href, proxied);
  });

  it('from another machine without a proxy, it says what to do', async () => {
    const { window, click, frames, told } = openOutput('https://hub.example.org/user/ann/lab', notFound);
    await click();
    assert.deepEqual(frames(), []);
    assert.match(told(), /jupyter-server-proxy.*ssh -L 40123:127\.0\.0\.1:40123/);
    assert.ok(!window.document.querySelector('button')?.disabled, 'to try again');
  });

  it('through a tunnel to Jupyter alone, too', async () => {
    const { click, frames, told } = openOutput('http://localhost:8888/lab', (address) =>
      address.startsWith('/') ? notFound() : undefined,
    );
    await click();
    assert.deepEqual(frames(), []);
    assert.match(told(), /does not reach port 40123/);
  });

  it('a host that is not allowed: the server’s own words', async () => {
    const error = 'Where it is meant to be reached as lab.example.org, add that name to allowed_hosts.';
    const { click, told } = openOutput('https://lab.example.org/lab', () => Response.json({ error }, { status: 403 }));
    await click();
    assert.equal(told(), error);
  });

  it('with a base_url, that address', async () => {
    const demo = { ...DEMO, url: 'https://hub.example.org/user/ann/proxy/40123/?token=abc' };
    const { click, frames } = openOutput('https://hub.example.org/user/ann/lab', () => assert.fail('no question'), {
      demo,
      config: '',
    });
    await click();
    assert.deepEqual(frames(), [demo.url]);
  });
});
