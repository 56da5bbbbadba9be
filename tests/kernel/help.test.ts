// Shift-Tab and Tab in cells: what a name of lib is, with what it throws and its defaults; which options there are.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startKernel, type TestKernel } from './start-kernel';

describe('help in cells', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startKernel();
    const result = await kernel.run(`import * as blip from './lib';
      import * as nb from './lib/notebook';
      const processor = await blip.BlipProcessor.fromCheckpoint('models/blip-scenes');
      const checkpoint = await blip.loadCheckpoint('models/blip-scenes');
      let model!: blip.OVBlipModel;
      const pixel_values = await processor.image('data/pictures/demo.jpg');`);
    assert.equal(result.status, 'ok');
  });
  after(() => kernel.stop());

  /** `|` is the cursor. Jupyter counts characters. */
  function split(cell: string): { code: string; cursor: number } {
    const at = cell.indexOf('|');
    return { code: cell.slice(0, at) + cell.slice(at + 1), cursor: [...cell.slice(0, at)].length };
  }

  async function tooltip(cell: string): Promise<{ plain: string; markdown: string }> {
    const { code, cursor } = split(cell);
    const { found, data } = await kernel.inspect(code, cursor);
    assert.ok(found, `nothing at ${cell}`);
    return { plain: data['text/plain'], markdown: data['text/markdown'] };
  }

  for (const [cell, ...words] of [
    ['await blip.conv|ertBlip(checkpoint, "x")', /^function convertBlip\(/, /Throws:\n {2}\{CheckpointTensorsError\}/],
    ['await blip.convertBlip(|checkpoint, "x")', /^function convertBlip\(/, /Example:\n {2}const converted = await/],
    ['await blip.convertBlip(checkpoint, |', /^function convertBlip\(/],
    ['nb.kilobytes(blip.modelName(|"a"))', /modelName\(/],
    [
      'nb.kilo|bytes(blip.modelName("a"))',
      /^function kilobytes\(bytes: number\): string\n/,
      /\n\nExample:\n {2}kilobytes/,
    ],
    [
      'await processor.image(|"x")',
      /BlipProcessor\.image\(/,
      /Parameters:\n {2}source .*\n {2}options .*default/,
      /Returns:\n {2}\[1, 3, /,
    ],
    ['await processor.image("x", { al|pha: "drop" })', /alpha/],
    [
      'await model.generateCaption({ pixel_values }, { max_len|gth: 20 })',
      /max_length\?: number/,
      /Without it and max_new_tokens/,
    ],
    ['await model.generateCaption({ pixel_values }, { max_new_tokens: 3, num_be|ams', /num_beams\?: number/],
    ['await blip.quantizeBlip("a", [], "b", { subset_s|ize: 3 })', /300 by default/],
    ['await blip.loadCheckpoint("x", { |', /loadCheckpoint\(/],
    ['check|point.config', /^const checkpoint: blip\.BlipCheckpoint/],
    ['const text = "🐶🐶🐶"; checkpoint.con|fig.vision_config', /config: blip\.BlipConfig/],
  ] as const)
    test(`a tooltip at ${cell}`, async () => {
      const { plain } = await tooltip(cell);
      for (const word of words) assert.match(plain, word);
    });

  test('a tooltip as Markdown: the declaration and examples as code, what is thrown as a list', async () => {
    const { markdown } = await tooltip('blip.convert|Blip');
    assert.match(markdown, /^```ts\nfunction convertBlip\(/);
    assert.match(markdown, /\*\*Throws\*\*\n\n- `CheckpointTensorsError` before/);
    assert.match(markdown, /\*\*Example\*\*\n\n```ts\n/);
  });

  test('no tooltip where there is nothing', async () => {
    assert.equal((await kernel.inspect('', 0)).found, false);
    assert.equal((await kernel.inspect('  // words', 6)).found, false);
  });

  for (const [cell, from, expected] of [
    ['nb.|', 3, ['showTable', 'progressBar']],
    ['nb.pro|', 3, ['progressBar']],
    ['"🐶"; nb.pro| + 1', 8, ['progressBar']],
    ['await blip.conv|ert(checkpoint)', 11, ['convertBlip']],
    ['await model.generateCaption({ pixel_values }, { |', 48, ['max_length', 'num_beams', 'on_token']],
    ['await model.generateCaption({ pixel_values }, { max_|, num_beams: 2 })', 48, ['max_length', 'max_new_tokens']],
    ['await model.generateCaption({ pixel_values }, {\n  num_beams: 2,\n  max_|\n})', 66, ['max_length']],
    ['blip.pipeline("|")', 15, ['image-to-text', 'visual-question-answering']],
    ['await blip.quantizeBlip("a", [], "b", { parts: ["|"] })', 49, ['vision_model', 'text_decoder']],
    ['const again = check|', 14, ['checkpoint']],
    ["import * as x from './|'", 22, ['lib/', 'data/']],
    ["import * as x from './lib/note|'", 26, ['notebook/']],
    ["import { percent } from './lib/notebook/format-nu|", 40, ['format-number']],
    ["import x from './lib/no|tebook/charts';", 21, ['notebook/']],
    ["const x = await import('./data/pictures/|')", 40, ['pictures.json']],
    ["const x = require('./ker|')", 21, ['kernel/']],
    ["import sharp from 'sh|'", 19, ['sharp']],
    ["import { Tokenizer } from '@hugging|", 27, ['@huggingface/tokenizers']],
    ["await import('node:fs|')", 14, ['node:fs', 'node:fs/promises']],
    ["export * from '|'", 15, ['undici', 'node:path']],
    ["type T = import('./lib/ind|').Options", 23, ['index']],
    ['"🐶"; import x from \'../|\'', 23, []],
  ] as const)
    test(`completion at ${cell}`, async () => {
      const { code, cursor } = split(cell);
      const { matches, cursor_start } = await kernel.complete(code, cursor);
      assert.equal(cursor_start, from);
      for (const name of expected) assert.ok(matches.includes(name), `${name} in ${matches.slice(0, 20)}`);
    });

  test('completion of an import: only what can be imported, and no more than what is asked for', async () => {
    const all = async (cell: string): Promise<string[]> => {
      const { code, cursor } = split(cell);
      return (await kernel.complete(code, cursor)).matches;
    };
    assert.deepEqual(await all("import x from './kernel/complete-imp|'"), ['complete-imports.cjs']);
    assert.deepEqual(
      await all("import x from './|.'").then((names) => names.filter((name) => name.startsWith('.'))),
      [],
    );
    assert.deepEqual(await all("import x from './no/such/folder/|'"), []);
    assert.deepEqual(await all("import x from '.|'"), ['./', '../']);
    assert.deepEqual(await all("const text = './lib/note|';"), [], 'not in other strings');
  });

  test('tooltips and completions work while a cell waits', async () => {
    const running = kernel.together(['await new Promise((resolve) => setTimeout(resolve, 1000));'], {
      code: 'nb.percent',
      cursor_pos: 5,
    });
    const { messages } = await running;
    const answered = messages.findIndex(([type]) => type === 'inspect_reply');
    const ended = messages.findIndex(([type]) => type === 'execute_reply');
    assert.ok(answered >= 0 && answered < ended, JSON.stringify(messages));
  });
});
