// blip-openvino info: complete, without secrets, and also where OpenVINO is missing or damaged.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { fromCpuinfo } from '../../lib/cli/info/instruction-sets';
import { maskEnvironment } from '../../lib/cli/info/mask-environment';
import { describeProcessor } from '../../lib/generation/compiled/describe-processor';
import { measureFolder } from '../../lib/cli/info/measure-folder';
import { runCli, temporaryFolder } from './run-cli';

const work = temporaryFolder();
const hub = path.join(work, 'hub');
const blobs = path.join(hub, 'models--owner--name', 'blobs');
const snapshot = path.join(hub, 'models--owner--name', 'snapshots', 'main');
fs.mkdirSync(blobs, { recursive: true });
fs.mkdirSync(snapshot, { recursive: true });
fs.writeFileSync(path.join(blobs, 'abc'), Buffer.alloc(3_000_000));
fs.symlinkSync(path.join(blobs, 'abc'), path.join(snapshot, 'model.safetensors'));
const env = {
  HF_HUB_CACHE: hub,
  BLIP_CACHE: path.join(work, 'cache'),
  HF_TOKEN: 'hf_verysecrettoken',
  HTTPS_PROXY: 'http://ada:lovelace@proxy.example.org:8080',
};

describe('blip-openvino info', () => {
  it('prints everything for people, and no secret', async () => {
    const { status, stdout, stderr } = await runCli(['info'], { env });
    assert.deepEqual([status, stderr], [0, '']);
    for (const said of [
      /blip-openvino +\d/,
      /Node\.js +\d+\./,
      /sharp +\d/,
      /processor +\S/,
      /device CPU .*computes in \w+/,
      /hub .*3\.00 MB in 1 files/,
      /models--owner--name: 3\.00 MB/,
      /login +from HF_TOKEN/,
      /HTTPS_PROXY +http:\/\/\*\*\*@proxy\.example\.org:8080/,
    ])
      assert.match(stdout, said);
    assert.doesNotMatch(stdout, /verysecret|lovelace/);
  });

  it('--json holds the same', async () => {
    const { stdout } = await runCli(['info', '--json'], { env });
    const info = JSON.parse(stdout);
    assert.equal(info.versions['Node.js'], process.versions.node);
    assert.equal(info.openvino.devices[0].device, 'CPU');
    assert.equal(info.caches.hub.bytes, 3_000_000);
    assert.equal(info.environment.HF_TOKEN, 'set (18 characters)');
    assert.doesNotMatch(stdout, /verysecret|lovelace/);
  });

  it('lists what was tried on this processor, and what is taken', async () => {
    const folder = path.join(work, 'trials');
    fs.mkdirSync(folder);
    const line = (machine: string, of: string, bf16: number, f32: number) =>
      `${JSON.stringify({ of: `${machine}, all instructions, ${of}`, bf16, f32, clear: true })}\n`;
    const [here, there] = [describeProcessor(), 'another processor'];
    fs.writeFileSync(
      path.join(folder, 'precision-trials.jsonl'),
      line(here, '577x768x3072', 45.48, 80.66) +
        line(here, 'decoder step, weights of 8 bits, 768x3072', 2.21, 2.75) +
        line(here, 'decoder step, weights of FP16, 768x3072', 4, 3.5) +
        line(there, '577x768x3072', 1, 2),
    );
    const { stdout } = await runCli(['info'], { env: { ...env, BLIP_CACHE: folder } });
    assert.match(stdout, /takes bf16 +bf16 45\.5 ms, f32 80\.7 ms: all instructions, 577x768x3072\n/);
    assert.match(stdout, /takes bf16 +bf16 2\.2 ms, f32 2\.8 ms: .*weights of 8 bits/);
    assert.match(stdout, /takes bf16 +bf16 4\.0 ms, f32 3\.5 ms: .*weights of FP16/);
    assert.equal(stdout.match(/takes (bf16|f32)/g)?.length, 3, stdout);
  });

  it('names what made a model folder, and says what is wrong with one', async () => {
    const model = path.join(work, 'model');
    const versions = { 'blip-openvino': '0.1.0', nncf: '3.4.5', openvino: '2026.9.8', 'a\u001b[2J': '\u001b[31m' };
    fs.mkdirSync(model, { recursive: true });
    const manifest = path.join(model, 'blip_manifest.json');
    fs.writeFileSync(
      manifest,
      JSON.stringify({
        format: 1,
        made_by: 'quantizeBlip',
        checkpoint: { id: 'owner/name', commit: 'abc' },
        versions,
        options: {},
        files: { 'config.json': { size: 1500, sha256: 'a'.repeat(64) } },
      }),
    );
    const { status, stdout } = await runCli(['info', model, work], { env });
    assert.equal(status, 0);
    for (const said of [
      /made by +quantizeBlip/,
      /made of +owner\/name at abc/,
      /with nncf +3\.4\.5/,
      /with openvino +2026\.9\.8/,
      /files +1, /,
      /problem +no blip_manifest\.json here/,
    ])
      assert.match(stdout, said);
    assert.ok(!stdout.includes('\u001b'), 'escape sequences of a manifest reach the terminal');
    const { models } = JSON.parse((await runCli(['info', '--json', model], { env })).stdout);
    assert.deepEqual(models[0].versions, versions);
    fs.writeFileSync(manifest, '{');
    assert.match(
      (await runCli(['info', model], { env })).stdout,
      /problem +.*blip_manifest\.json: cannot be read as JSON/,
    );
  });

  it('works without OpenVINO, and says where it was looked for', async () => {
    const { status, stdout } = await runCli(['info'], { env: { ...env, BLIP_OPENVINO_LIBS: work } });
    assert.equal(status, 0);
    assert.match(stdout, /OpenVINO +not found/);
    assert.match(stdout, /problem +.*BLIP_OPENVINO_LIBS/);
    assert.match(stdout, /Caches/);
  });

  it('works with a library that does not load', async () => {
    const libs = path.join(work, 'libs');
    fs.mkdirSync(libs, { recursive: true });
    const names = { linux: 'libopenvino_c.so.2641', darwin: 'libopenvino_c.2641.dylib', win32: 'openvino_c.dll' };
    const name = Object.entries(names).find(([platform]) => platform === process.platform)?.[1] ?? names.linux;
    fs.writeFileSync(path.join(libs, name), Buffer.alloc(10_000, 1));
    const { status, stdout } = await runCli(['info', '--json'], { env: { ...env, BLIP_OPENVINO_LIBS: libs } });
    assert.equal(status, 0);
    const { openvino } = JSON.parse(stdout);
    assert.ok(openvino.problem.length > 0);
    assert.equal(openvino.found.length, 1);
  });

  it('works with settings that cannot be used', async () => {
    const { status, stdout } = await runCli(['info'], { env: { ...env, HF_ENDPOINT: 'nonsense' } });
    assert.equal(status, 0);
    assert.match(stdout, /endpoint +HF_ENDPOINT is "nonsense"/);
  });
});

describe('maskEnvironment', () => {
  it('shows what matters and masks logins, tokens and signatures', () => {
    assert.deepEqual(
      maskEnvironment({
        PATH: '/bin',
        HF_TOKEN: 'hf_abcdefghijkl',
        HF_TOKEN_PATH: '/home/ada/token',
        HUGGING_FACE_HUB_TOKEN: 'x',
        BLIP_API_KEY: 'secret',
        BLIP_MODEL: 'https://u:p@host/model?sig=abc, hf_abcdefghijkl',
        all_proxy: 'user:pa:ss@host:1080',
        NO_PROXY: 'localhost,10.0.0.0/8',
      }),
      {
        BLIP_API_KEY: 'set (6 characters)',
        BLIP_MODEL: 'https://***@host/model?***, hf_***',
        HF_TOKEN: 'set (15 characters)',
        HF_TOKEN_PATH: '/home/ada/token',
        HUGGING_FACE_HUB_TOKEN: 'set (1 characters)',
        NO_PROXY: 'localhost,10.0.0.0/8',
        all_proxy: '***@host:1080',
      },
    );
  });
});

describe('what info reads', () => {
  it('instruction sets of x86 and ARM', () => {
    assert.deepEqual(fromCpuinfo('processor : 0\nflags\t\t: fpu avx2 amx_tile avx512_bf16 sse4_2\n'), [
      'sse4_2',
      'avx2',
      'avx512_bf16',
      'amx_tile',
    ]);
    assert.deepEqual(fromCpuinfo('Features\t: fp asimd bf16 i8mm\n'), ['asimd', 'bf16', 'i8mm']);
    assert.equal(fromCpuinfo(''), undefined);
  });

  it('a folder that is not there', async () => {
    assert.deepEqual(await measureFolder(path.join(work, 'none')), {
      folder: path.join(work, 'none'),
      exists: false,
      bytes: 0,
      files: 0,
      largest: [],
      truncated: false,
    });
  });
});
