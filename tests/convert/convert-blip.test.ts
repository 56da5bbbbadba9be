// Conversion as a whole: conversions that are interrupted, the same bytes each time, and folders that can be loaded
// alone.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip, ConvertError, type ConvertOptions } from '../../lib/convert';
import { ConvertWriteError } from '../../lib/core/explain-write-error';
import { OVBlipModel } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';
import { convert, FIXTURES, fresh } from './convert-fixture';
import { editCheckpoint } from './edit-checkpoint';

/** Names and hashes of everything below a folder; nothing where there is none. */
function contents(folder: string): Record<string, string> {
  if (!fs.existsSync(folder)) return {};
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return [
      path.relative(folder, file),
      entry.isFile() ? createHash('sha256').update(fs.readFileSync(file)).digest('hex') : 'folder',
    ];
  });
  return Object.fromEntries(entries);
}

it('the same checkpoint gives the same files, to the byte', async () => {
  for (const compress_to_fp16 of [true, false]) {
    const outputs = [fresh(), fresh()];
    for (const output of outputs) await convert(path.join(FIXTURES, 'vqa-odd'), output, { compress_to_fp16 });
    assert.deepEqual(contents(outputs[0]), contents(outputs[1]));
  }
});

describe('an interrupted conversion', () => {
  /** Aborts when a part's first bytes are reported. */
  const abortAt = (part: string): ConvertOptions => {
    const controller = new AbortController();
    return {
      signal: controller.signal,
      progress_callback: ({ file }) => {
        if (file === `blip_${part}.xml`) controller.abort(new Error(`stop at ${part}`));
      },
    };
  };

  for (const part of ['vision_model', 'text_encoder', 'text_decoder'])
    it(`cancelled in the ${part}, leaves neither files nor the folders that it made`, async () => {
      const outer = fresh();
      fs.mkdirSync(outer);
      await assert.rejects(
        convert(path.join(FIXTURES, 'vqa-f16'), path.join(outer, 'a', 'b', 'fp16'), abortAt(part)),
        new RegExp(`^Error: stop at ${part}$`),
      );
      assert.deepEqual(contents(outer), {});
    });

  it('by a callback that throws or rejects, rejects with its error and leaves nothing', async () => {
    for (const progress_callback of [
      () => {
        throw new TypeError('in the callback');
      },
      async () => {
        throw new TypeError('in the callback');
      },
    ]) {
      const output = fresh();
      await assert.rejects(convert(path.join(FIXTURES, 'vqa-f16'), output, { progress_callback }), {
        name: 'TypeError',
        message: 'in the callback',
      });
      assert.deepEqual(contents(output), {});
    }
  });

  it('leaves an earlier conversion as it was, and no temporary files', async () => {
    const output = fresh();
    await convert(path.join(FIXTURES, 'vqa-odd'), output);
    fs.writeFileSync(path.join(output, 'notes.txt'), 'of the user');
    const before = contents(output);
    await assert.rejects(
      convert(path.join(FIXTURES, 'vqa-f16'), output, abortAt('text_decoder')),
      /stop at text_decoder/,
    );
    assert.deepEqual(contents(output), before);
  });

  it('by a full disk, says which file, how much room is needed, and what to do, and leaves nothing', async (t) => {
    const { writeFile } = fs.promises;
    t.mock.method(fs.promises, 'writeFile', async (...[file, data]: Parameters<typeof writeFile>) => {
      if (String(file).includes('text_decoder'))
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
      return writeFile(file, data);
    });
    const output = fresh();
    await assert.rejects(
      convert(path.join(FIXTURES, 'vqa-f16'), output),
      (error: unknown) =>
        error instanceof ConvertWriteError &&
        error.message.startsWith(
          `${path.join(output, 'blip_text_decoder.xml')}: the model could not be written: ENOSPC`,
        ) &&
        /The model takes about 0\.\d MB, [\d.]+ MB are free there\. Make room there/.test(error.message),
    );
    assert.equal(fs.existsSync(output), false);
  });

  it('by a file where the output folder should be, says so', async () => {
    const file = fresh();
    fs.writeFileSync(file, '');
    for (const output of [file, path.join(file, 'fp16')])
      await assert.rejects(
        convert(path.join(FIXTURES, 'vqa-f16'), output),
        (error: unknown) =>
          error instanceof ConvertWriteError &&
          error.message.startsWith(`${output}: `) &&
          /A file stands where a folder is needed/.test(error.message),
      );
  });

  it('by weights that cannot be read, passes the error on and leaves nothing', async () => {
    const checkpoint = await loadCheckpoint(path.join(FIXTURES, 'vqa-f16'));
    const output = fresh();
    await assert.rejects(
      convertBlip(checkpoint, output, { progress_callback: () => checkpoint.close() }),
      /was closed/,
    );
    assert.equal(fs.existsSync(output), false);
  });
});

describe('a converted folder', () => {
  it('stands alone: the checkpoint may go', async () => {
    const source = fresh();
    fs.cpSync(path.join(projectRoot(), 'models', 'blip-scenes'), source, { recursive: true });
    const { folder, models } = await convert(source, fresh());
    fs.rmSync(source, { recursive: true });
    for (const { xml, bin, binBytes, xmlBytes } of Object.values(models))
      assert.deepEqual([fs.statSync(bin).size, fs.statSync(xml).size], [binBytes, xmlBytes]);
    const processor = await BlipProcessor.fromCheckpoint(folder);
    const model = await OVBlipModel.load(folder);
    const pixel_values = await processor.image(path.join(projectRoot(), 'data', 'pictures', 'demo.jpg'));
    const [ids] = await model.generateAnswer({ pixel_values, ...processor.text('how many dogs are in the picture?') });
    assert.equal(processor.decode(ids), '2');
    model.dispose();
    const others = fs
      .readdirSync(folder)
      .filter((name) => !/^blip_(vision_model|text_encoder|text_decoder)\.(xml|bin)$/.test(name));
    assert.deepEqual(others.sort(), [
      'blip_manifest.json',
      'config.json',
      'generation_config.json',
      'preprocessor_config.json',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'vocab.txt',
    ]);
  });

  it('keeps no part of an earlier checkpoint: a captioning model over a VQA model answers no questions', async () => {
    const output = fresh();
    await convert(path.join(FIXTURES, 'vqa-f16'), output);
    fs.writeFileSync(path.join(output, 'added_tokens.json'), '{"[DEC]":1}');
    fs.writeFileSync(path.join(output, 'notes.txt'), 'of the reader');
    await convert(path.join(FIXTURES, 'caption-bf16'), output);
    assert.ok(!fs.existsSync(path.join(output, 'added_tokens.json')), 'a companion of the earlier checkpoint');
    assert.ok(fs.existsSync(path.join(output, 'notes.txt')), 'a file of somebody else');
    assert.deepEqual(
      fs.readdirSync(output).filter((name) => name.includes('text_encoder')),
      [],
    );
    const model = await OVBlipModel.load(output);
    assert.equal(model.canAnswer, false);
    model.dispose();
  });

  it("may not be the checkpoint's own", async () => {
    const folder = editCheckpoint('vqa-f16', fresh(), {});
    await assert.rejects(
      convert(folder, `${folder}${path.sep}.`),
      (error: unknown) => error instanceof ConvertError && error.message.includes("checkpoint's own folder"),
    );
  });

  it('of a retrieval checkpoint holds no decoder, and loading says that it writes no text', async () => {
    const retrieval = editCheckpoint('vqa-f16', fresh(), {
      config: (config) => {
        config.architectures = ['BlipForImageTextRetrieval'];
      },
      tensors: (all) => {
        for (const name of [...all.keys()]) if (name.startsWith('text_decoder.')) all.delete(name);
        for (const [name, shape] of [
          ['itm_head.weight', [2, 32]],
          ['itm_head.bias', [2]],
        ] as const)
          all.set(name, { dtype: 'F16', shape, bytes: new Uint8Array(2 * shape.reduce((a: number, b) => a * b, 1)) });
      },
    });
    const { folder, models } = await convert(retrieval, fresh());
    assert.deepEqual(Object.keys(models), ['vision_model', 'text_encoder']);
    await assert.rejects(OVBlipModel.load(folder), (error: unknown) => {
      assert.match(String(error), /^BlipModelError: .* no text decoder.* retrieval .*OVBlipMatcher/);
      return true;
    });
  });
});
