// A failing cell names its own line and shows it, whatever failed and wherever; and it keeps what came before.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../project-root';
import { printed, startKernel, type TestKernel } from './start-kernel';

describe('errors of cells', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startKernel();
    await kernel.run("import * as blip from './lib';\nimport * as nb from './lib/notebook';");
  });
  after(() => kernel.stop());

  async function failing(code: string): Promise<string> {
    const result = await kernel.run(code);
    assert.equal(result.status, 'error');
    const shown = printed(result, 'error');
    assert.ok(!shown.includes(projectRoot()), shown);
    assert.doesNotMatch(shown, /node_modules|node:internal|node:vm|kernel\/|\.cjs|__startStatement/);
    return shown;
  }

  /** The line with the mark below it, as it is shown. */
  function marked(shown: string): string[] {
    return [...shown.matchAll(/^> +(\d+) \| (.*)\n +\| ( *)\^/gm)].map(
      ([, line, text, indent]) => `${line}: ${text.slice(indent.length)}`,
    );
  }

  for (const [what, code, places] of [
    ['an exception', 'const one = 1;\n\nthrow new TypeError(String(one));', ['3: new TypeError(String(one));']],
    ['types above the line', 'interface A { x: number }\nconst q: A[] = [];\ntype B = A;\nq[0].x;', ['4: x;']],
    [
      'a function of the cell',
      "const fn = () => {\n  throw new Error('in fn');\n};\n\nfn();",
      ["2: new Error('in fn');", '5: fn();'],
    ],
    ['after an await', 'await null;\nJSON.parse("{");', ['2: parse("{");']],
    [
      'a method that waits',
      "class A {\n  async m() { await null; throw new Error('m'); }\n}\nawait new A().m();",
      ["2: new Error('m'); }", '4: await new A().m();'],
    ],
    [
      'a system call, whose errors have no lines',
      "const kept = 1;\nawait require('node:fs/promises').readFile('nope');",
      ["2: await require('node:fs/promises').readFile('nope');"],
    ],
    [
      'a callback of Promise.all',
      "await Promise.all([1].map(async () => {\n  await null;\n  throw new Error('all');\n}));",
      ["3: new Error('all');", '1: await Promise.all([1].map(async () => {'],
    ],
    ['a value that is no error', "const one = 1;\nthrow 'text';", ["2: throw 'text';"]],
    ['emoji before the place', "'🐶'; throw new Error('dog')", ["1: new Error('dog')"]],
    ['recursion without an end', 'const inf = (): number => inf() + 1;\ninf();', ['1: ', '2: inf();']],
    ['a package that is missing', "const one = 1;\nrequire('not-there');", ["2: require('not-there');"]],
  ] as const)
    test(`${what}: the line is shown`, async () => {
      const found = marked(await failing(code));
      assert.equal(found.length, places.length, found.join('\n'));
      for (const [i, place] of places.entries()) assert.ok(found[i].startsWith(place), `${found[i]} for ${place}`);
    });

  test('names of cells that were not run: all at once, in the place of the first, with what to do', async () => {
    const shown = await failing(
      'const rest = 1;\nconsole.log(pixels, model.precision);\nnb.percent(model.x, { pixels });',
    );
    assert.match(shown, /2:13 - Cannot find names 'pixels', 'model'\. Was the cell .* run\? Run > Run All Above/);
    assert.equal(shown.match(/Cannot find/g)?.length, 1);
    assert.deepEqual(marked(shown)[0], '2: pixels, model.precision);');
    const typed = await failing('let when: wasNotRun.Latency | undefined;\nwasNotRun.run();');
    assert.match(typed, /Cannot find name 'wasNotRun'\. Was the cell/);
    assert.doesNotMatch(typed, /namespace|private name/);
    assert.match(await failing('percnt(1)'), /Cannot find name 'percnt'\. Was the cell/);
    assert.match(await failing('consle.log(1)'), /Cannot find name 'consle'\. Did you mean 'console'\?/);
  });

  test("Python's print", async () => {
    assert.match(await failing('print("hello")'), /1:7 - .*console\.log\(text\)/);
    assert.doesNotMatch(await failing('({ print() {} }).print(1);'), /console\.log/);
  });

  test('an await that was forgotten', async () => {
    const shown = await failing("const read = async () => ['text'];\nconst [one] = read();\nread().length;");
    assert.match(shown, /2:7 - Type 'Promise<string\[\]>' must have .*\. Did you forget to use 'await'\?/);
    assert.match(shown, /3:8 - Property 'length' does not exist .*\. Did you forget to use 'await'\?/);
  });

  test('options and tasks with a typo: one message, with what there is', async () => {
    await kernel.run('declare const model: blip.OVBlipModel;\ndeclare const images: blip.ImageInput;');
    const option = await failing('model.generateCaption(images, { max_lenght: 5 });');
    assert.match(option, /'max_lenght' does not exist in type .* Did you mean to write 'max_length'\?/);
    const task = await failing("await blip.pipeline('visual-question-answer', 'models/blip-scenes');");
    assert.match(
      task,
      /'"visual-question-answer"' is not assignable to .*"image-to-text" \| "visual-question-answering" \|/,
    );
    const question = await failing('model.generateAnswer(images);');
    assert.match(question, /parameter of type 'ImageTextInputs'[^]*attention_mask, input_ids/);
    for (const shown of [option, task, question]) assert.doesNotMatch(shown, /overload/i);
  });

  test('failures inside lib: its files by their path in the project, and the line that called it', async () => {
    const thrown = await failing(
      "const folder = 'models/nope';\nblip.loadCheckpoint(folder);\nawait blip.loadCheckpoint(folder);",
    );
    assert.match(thrown, /CheckpointError: models\/nope: no such folder/);
    assert.match(thrown, /at .*loadCheckpoint \(lib\/checkpoint\/load-checkpoint\.ts:\d+:\d+\)/);
    assert.match(thrown, /^> 3 \| await blip\.loadCheckpoint\(folder\);$/m);
    const argument = await failing("const share = 'x' as unknown as number;\n\nnb.percent(share);");
    assert.match(argument, /ArgumentError/);
    assert.match(argument, /^> 3 \| nb\.percent\(share\);\n {4}\| {4}\^$/m);
  });

  test('functions of earlier cells: their line, and the one of this cell', async () => {
    const { count } = await kernel.run(
      'const half = (n: number) => {\n  if (n % 2) throw new Error(`odd`);\n  return n / 2;\n};',
    );
    const shown = await failing('half(2);\nhalf(3);');
    assert.match(shown, new RegExp(`cell \\[${count}\\], line 2:\n.*\n> 2 \\|   if`));
    assert.match(shown, new RegExp(`cell \\[${Number(count) + 1}\\], line 2:\n.*\n> 2 \\| half\\(3\\);`));
  });

  test('several type errors: each with its line', async () => {
    const shown = await failing("const a: number = 'x';\nconst fine = 1;\nconst b: string = fine;");
    assert.deepEqual(marked(shown), ["1: a: number = 'x';", '3: b: string = fine;']);
  });

  test('exceptions that nobody awaits show their line as well', async () => {
    const timer = await kernel.run("setTimeout(() => {\n  throw new Error('tick');\n}, 5);\nundefined", {
      linger: '^',
    });
    assert.deepEqual(marked(printed(timer, 'stderr')), ["2: new Error('tick');"]);
    assert.doesNotMatch(printed(timer, 'stderr'), /node:|\.cjs/);
    const rejected = await kernel.run("\nvoid Promise.reject(new Error('lost'));", { linger: '^' });
    assert.deepEqual(marked(printed(rejected, 'stderr')), ["2: new Error('lost'));"]);
  });

  test('errors that a cell prints itself have its lines too', async () => {
    const { outputs } = await kernel.run(
      "\ntry { JSON.parse('{'); } catch (error) { console.log((error as Error).stack); }",
    );
    assert.match(String(outputs[0][1]), /SyntaxError.*\n +at JSON\.parse.*\n +at cell \[\d+\]:2:12\n$/);
  });

  test('errors and values whose own code throws do not stop the kernel', async () => {
    const trap = "{ get() { throw new Error('trap'); } }";
    for (const code of [
      `throw Object.defineProperty(new Error('x'), 'name', ${trap});`,
      `throw Object.defineProperty(new Error('x'), 'stack', ${trap});`,
      'throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } });',
      `({ [require('node:util').inspect.custom]() { throw new Error('shown'); } })`,
      `throw Object.freeze(new Error('frozen'));`,
      `require('node:vm').runInNewContext('throw new Error("elsewhere")');`,
    ]) {
      assert.equal((await kernel.run(code)).status, 'error', code);
      assert.equal(printed(await kernel.run('6 * 7')), '42\n');
    }
  });

  describe('what a failed cell leaves', () => {
    test('names that it declared before, not those after; functions anywhere, as far as they can be used', async () => {
      await failing(
        'const before = { a: 1 };\nlet counted = 0;\ncounted++;\nfunction useful() { return before.a; }\n' +
          "function useless() { return rest; }\nthrow new Error('x');\nconst rest = 1;",
      );
      assert.equal(printed(await kernel.run('[before.a, counted, useful()]')), '[ 1, 1, 1 ]\n');
      for (const name of ['rest', 'useless']) assert.match(await failing(name), /'(rest|useless)'/);
    });

    test('older values of names that it did not come to', async () => {
      await kernel.run('const older = 1;');
      await failing("throw new Error('x');\nconst older = 'new';");
      assert.equal(printed(await kernel.run('older + 1')), '2\n');
      await failing("const older = 'new';\nthrow new Error('x');");
      assert.equal(printed(await kernel.run('older.toUpperCase()')), 'NEW\n');
    });

    test('what it imported', async () => {
      await failing("import * as os from 'node:os';\nimport { sep } from 'node:path';\nthrow new Error('x');");
      assert.equal(printed(await kernel.run('typeof os.cpus + sep.length')), 'function1\n');
    });

    test('nothing of a cell with a type error, since none of it ran', async () => {
      await failing('const unseen = 1;\nconst wrong: string = unseen;');
      assert.match(await failing('unseen'), /Cannot find name 'unseen'/);
    });
  });
});
