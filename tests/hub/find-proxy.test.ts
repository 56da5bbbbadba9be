// Which proxy an address goes through, as Python's httpx2 (huggingface_hub's HTTP client) decides it under the same
// environment.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { ProxyError } from '../../lib/hub';
import { describeProxy, findProxy } from '../../lib/hub/find-proxy';

interface Recorded {
  readonly addresses: readonly string[];
  readonly cases: readonly { readonly env: Record<string, string>; readonly proxies: readonly (string | null)[] }[];
}
const RECORDED: Recorded = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'hub', 'proxies.json'), 'utf8'),
);
/** httpx2 leaves a port that is the scheme's own out of the comparison; curl, and this library, do not. */
const DIFFERS = { NO_PROXY: 'huggingface.co:443', addresses: /^https:.*\bhuggingface\.co/ };

describe('the proxy for an address', () => {
  for (const { env, proxies } of RECORDED.cases)
    it(JSON.stringify(env), () => {
      const found = RECORDED.addresses.map((address) => findProxy(new URL(address), env)?.url.origin ?? null);
      const right = RECORDED.addresses.map((address, i) =>
        env.NO_PROXY === DIFFERS.NO_PROXY && DIFFERS.addresses.test(address) ? null : proxies[i],
      );
      assert.deepEqual(found, right);
    });

  it('spaces as in curl; names of networks; the variable that named it', () => {
    const target = new URL('https://huggingface.co/');
    const env = { ALL_PROXY: 'http://p:1' };
    assert.equal(findProxy(target, { ...env, NO_PROXY: 'example.org huggingface.co' }), undefined);
    assert.equal(findProxy(target, { ...env, https_proxy: ' http://q:2 ' })?.variable, 'https_proxy');
    assert.equal(findProxy(target, env)?.variable, 'ALL_PROXY');
  });

  it('what is no address of a proxy is told, without its password', () => {
    for (const value of ['http://', 'ftp://p:1', 'socks4://p:1', 'http://me:secret@:80', 'a b'])
      assert.throws(
        () => findProxy(new URL('https://huggingface.co/'), { HTTPS_PROXY: value }),
        (error: unknown) =>
          error instanceof ProxyError &&
          /^HTTPS_PROXY is not .*http:\/\/host:port/.test(error.message) &&
          !error.message.includes('secret'),
        value,
      );
    const proxy = findProxy(new URL('https://huggingface.co/'), { HTTPS_PROXY: 'http://me:secret@p:1' });
    assert.equal(proxy && describeProxy(proxy), 'the proxy http://p:1 (HTTPS_PROXY)');
  });
});
