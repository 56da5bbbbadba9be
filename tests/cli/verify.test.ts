// blip-openvino verify as a process: on a folder offline, and on the hub's id, served by a hub on this machine.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LoopbackHub } from '../hub/loopback-hub';
import { expectedResults, PICTURE, PUBLISHED_FIXTURES } from './expected-results';
import { runCli, temporaryFolder } from './run-cli';

const work = temporaryFolder();
const env = { BLIP_CACHE: path.join(work, 'cache'), HF_HUB_CACHE: path.join(work, 'hub') };
const QUICK = ['--no-int8', '--runs', '0', '--picture', PICTURE];

/** Expected results of a fixture, as the file that --expected takes. */
function expectedFile(name: string): string {
  const file = path.join(work, `${name}.json`);
  const cases = expectedResults(name).cases.map(({ ids, ...rest }) => ({ ...rest, ...(ids && { ids: ids[0] }) }));
  fs.writeFileSync(file, JSON.stringify({ cases }));
  return file;
}

describe('blip-openvino verify', () => {
  let hub: LoopbackHub;
  before(async () => {
    hub = await LoopbackHub.start();
  });
  after(() => hub.stop());

  function serve(name: string): Record<string, string> {
    const folder = path.join(PUBLISHED_FIXTURES, name);
    const names = fs.readdirSync(folder).filter((file) => file !== 'expected.json');
    hub.content = {
      id: `Salesforce/${name}`,
      files: Object.fromEntries(names.map((file) => [file, fs.readFileSync(path.join(folder, file))])),
      large: names.filter((file) => /\.(bin|safetensors)$/.test(file)),
    };
    return { ...env, HF_ENDPOINT: hub.address('hub'), NO_PROXY: '127.0.0.1,localhost' };
  }

  it('passes an id from the hub: weights as pytorch_model.bin', async () => {
    const name = 'blip-image-captioning-base';
    const args = ['verify', `Salesforce/${name}`, '--expected', expectedFile(name), ...QUICK];
    const { status, stdout, stderr } = await runCli(args, { env: serve(name) });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^pass +weights: pytorch_model\.bin/m);
    assert.match(stdout, /^pass +caption \(FP16 weights, f32\)/m);
    assert.match(stdout, /^pass +caption: "a picture of" \(FP16 weights, f32\)/m);
    assert.doesNotMatch(stdout, /FAIL/);
    assert.match(stderr, /0 failed/);
  });

  it('fails where the model writes something else than published, as JSON lines too', async () => {
    const name = 'blip-itm-base-coco';
    const args = ['verify', `Salesforce/${name}`, '--json', ...QUICK];
    const { status, stdout } = await runCli(args, { env: serve(name) });
    assert.equal(status, 1);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const failed = rows.filter((row) => row.status === 'FAIL');
    assert.equal(failed.length, 1);
    assert.equal(failed[0].checkpoint, `Salesforce/${name}`);
    assert.match(failed[0].expected, /0\.9971/);
  });

  it('works on a folder, offline', async () => {
    const name = 'blip-vqa-capfilt-large';
    const folder = path.join(PUBLISHED_FIXTURES, name);
    const { status, stdout } = await runCli(['verify', '--offline', folder, ...QUICK], { env });
    assert.equal(status, 0);
    assert.match(stdout, /^info +answer: .*no published value is known/m);
  });

  it('says that it is no proof without the picture: status 1, but 0 with --offline', async () => {
    const folder = path.join(PUBLISHED_FIXTURES, 'blip-vqa-base');
    const unreachable = { ...env, HF_HUB_OFFLINE: '1' };
    const [online, offline] = await Promise.all([
      runCli(['verify', '--no-int8', folder], { env: unreachable }),
      runCli(['verify', '--no-int8', '--offline', folder], { env }),
    ]);
    for (const { stdout, stderr } of [online, offline]) {
      assert.match(stdout, /^not checked +answer: .*no picture/m);
      assert.match(stderr, /no proof/);
    }
    assert.deepEqual([online.status, offline.status], [1, 0]);
  });

  it('makes INT8 and compares it; a trial with few samples does not stay in the cache', async () => {
    const name = 'blip-itm-base-coco';
    const folder = path.join(PUBLISHED_FIXTURES, name);
    const dataset = path.resolve('data', 'vqa-scenes');
    const args = ['verify', '--int8', '--dataset', dataset, '--subset-size', '4', '--runs', '1', '--picture', PICTURE];
    const { status, stdout, stderr } = await runCli([...args, '--expected', expectedFile(name), folder], { env });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^pass +quantization to INT8/m);
    assert.equal([...stdout.matchAll(/^pass +match: .*\(INT8\)/gm)].length, 3);
    assert.match(stdout, /^info +time of match \(INT8\): [\d.]+ ms$/m);
    const kept = fs.readdirSync(path.join(env.BLIP_CACHE, 'models', name));
    assert.ok(!kept.some((each) => each.startsWith('int8')), kept.join(', '));
  });

  it('leaves INT8 out where it cannot be made, and fails where it was insisted on', async () => {
    const folder = path.join(PUBLISHED_FIXTURES, 'blip-vqa-capfilt-large');
    const args = ['verify', '--offline', '--dataset', path.join(work, 'no-data'), '--runs', '0', '--picture', PICTURE];
    const [auto, insisted] = await Promise.all([
      runCli([...args, folder], { env }),
      runCli([...args, '--int8', folder], { env }),
    ]);
    assert.match(auto.stdout, /^not checked +INT8: .*no-data/m);
    assert.match(insisted.stdout, /^FAIL +INT8: .*no-data/m);
    assert.deepEqual([auto.status, insisted.status], [0, 1]);
  });

  it('compares every file of a converted folder with its manifest, and says how to make it anew', async () => {
    const source = path.join(PUBLISHED_FIXTURES, 'blip-vqa-capfilt-large');
    const folder = path.join(work, 'converted');
    assert.equal((await runCli(['convert', source, '--output', folder, '--quiet'], { env })).status, 0);
    const good = await runCli(['verify', folder], { env });
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /^pass +files and digests: \d+ files, [\d.]+ MB$/m);
    assert.match(good.stdout, /^info +made by: convertBlip from blip-vqa-capfilt-large$/m);
    assert.match(good.stdout, /^info +versions: .*blip-openvino \d/m);

    const file = path.join(folder, 'blip_text_decoder.bin');
    const bytes = fs.readFileSync(file);
    bytes[bytes.length >> 1] ^= 1;
    fs.writeFileSync(file, bytes);
    const flipped = await runCli(['verify', folder], { env });
    fs.truncateSync(file, bytes.length - 1);
    const cut = await runCli(['verify', '--offline', folder], { env });
    fs.rmSync(path.join(folder, 'blip_manifest.json'));
    const unknown = await runCli(['verify', folder], { env });
    for (const { status, stdout } of [flipped, cut, unknown]) {
      assert.equal(status, 1);
      assert.match(stdout, /^FAIL +files and digests: /m);
    }
    assert.match(
      flipped.stdout,
      /blip_text_decoder\.bin has the SHA-256 .*blip-openvino convert "blip-vqa-capfilt-large" --output/,
    );
    assert.match(cut.stdout, /blip_text_decoder\.bin has \d+ bytes.*cut.*blip-openvino convert/);
    assert.match(unknown.stdout, /blip_manifest\.json is missing.*[Cc]onvert/);
  });

  it('goes on with the next one after a failure', async () => {
    const folder = path.join(PUBLISHED_FIXTURES, 'blip-vqa-capfilt-large');
    const { status, stdout } = await runCli(['verify', '--offline', 'gone/folder/x', folder, ...QUICK], { env });
    assert.equal(status, 1);
    assert.match(stdout, /^FAIL +side files: .*gone\/folder\/x/m);
    assert.match(stdout, /^pass +conversion/m);
  });
});
