// The command where a process may open few files, as on shared machines: it never holds many at once.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { runCli, temporaryFolder, type CliOptions } from './run-cli';

const work = temporaryFolder();
const model = path.resolve('models', 'blip-scenes');
const options: CliOptions = {
  env: { BLIP_CACHE: path.join(work, 'cache'), BLIP_MODEL: model },
  cwd: work,
  maxFiles: 64,
};

describe('with 64 open files', { skip: process.platform === 'win32' && 'ulimit is POSIX' }, () => {
  it('captions a folder of more images than that', async () => {
    const folder = path.join(work, 'photos');
    fs.mkdirSync(folder);
    for (let i = 0; i < 100; i++) fs.copyFileSync('data/pictures/demo.jpg', path.join(folder, `${i}.jpg`));
    const { status, stderr } = await runCli(['caption', folder], options);
    assert.equal(status, 0, stderr);
    assert.equal(fs.readdirSync(folder).filter((name) => name.endsWith('.txt')).length, 100);
  });

  it('converts a checkpoint of hundreds of tensors', async () => {
    const output = path.join(work, 'converted');
    const { status, stderr } = await runCli(['convert', model, '--output', output], options);
    assert.equal(status, 0, stderr);
    assert.ok(fs.existsSync(path.join(output, 'blip_text_decoder.bin')));
  });
});
