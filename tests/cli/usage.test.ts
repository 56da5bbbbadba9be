// What the command says of itself, and of arguments that it does not take.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../lib/cli/commands';
import { formatCommandHelp } from '../../lib/cli/format-help';
import { parseCommandLine } from '../../lib/cli/parse-command-line';
import { UsageError, type Command } from '../../lib/cli/command';
import { readJSON } from '../../lib/core/read-json';
import { isRecord } from '../../lib/core/is-record';
import { runCli } from './run-cli';

function command(name: string): Command {
  const found = COMMANDS.find((each) => each.name === name);
  assert.ok(found);
  return found;
}

describe('help', () => {
  it('lists every command, on stdout', async () => {
    const { status, stdout, stderr } = await runCli(['--help']);
    assert.equal(status, 0);
    assert.equal(stderr, '');
    for (const { name, summary } of COMMANDS) assert.match(stdout, new RegExp(`^ {2}${name} +${summary}$`, 'm'));
  });

  it('is the same behind a command, before it, and as a command', async () => {
    const [behind, before] = await Promise.all([runCli(['caption', '--help']), runCli(['help', 'caption'])]);
    assert.equal(behind.status, 0);
    assert.deepEqual(before, behind);
    assert.equal(behind.stdout, formatCommandHelp(command('caption')));
  });

  for (const each of COMMANDS)
    it(`of ${each.name} has an example with its output, and every option`, () => {
      const help = formatCommandHelp(each);
      assert.match(help, new RegExp(`^ {2}\\$ blip-openvino ${each.name}\\b.*\\n {2}\\S`, 'm'));
      for (const name of Object.keys(each.options)) assert.match(help, new RegExp(`--${name}\\b`));
      const [text] = help.split(/^Examples?:$/m);
      for (const line of text.split('\n')) assert.ok(line.length <= 100, `${line.length} columns: ${line}`);
    });

  it('loads nothing heavy: neither OpenVINO nor sharp nor the library', async () => {
    const script =
      "const { runCommandLine } = require('./lib/cli'); runCommandLine(['--help']).then(() => " +
      'console.error(JSON.stringify(Object.keys(require.cache).filter((f) => ' +
      '/node_modules|lib.(generation|pipelines|hub|openvino)/.test(f)' +
      ' && !/node_modules.(tsx|esbuild|get-tsconfig|resolve-pkg-maps)/.test(f)))))';
    const { spawnSync } = await import('node:child_process');
    const { stderr } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(stderr.trim().split('\n').at(-1) ?? ''), []);
  });

  it('goes to stderr with status 2 when no command is named', async () => {
    const { status, stdout, stderr } = await runCli([]);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^Usage: blip-openvino/);
  });

  it('--version is that of package.json', async () => {
    const json = readJSON('package.json');
    assert.ok(isRecord(json));
    assert.deepEqual(await runCli(['--version']), { status: 0, stdout: `${json.version}\n`, stderr: '' });
  });
});

describe('wrong usage ends with status 2, one line on stderr, nothing on stdout', () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['capton', 'a.jpg'], /Unknown command "capton".*Did you mean caption\?/],
    [['--model', 'x', 'caption'], /"--model".*command comes first/],
    [['caption', '--num-beam', '3', 'a.jpg'], /Unknown option "--num-beam".*Did you mean --num-beams\?/],
    [['caption'], /No image is named/],
    [['ask', 'a.jpg'], /--question/],
    [['match', 'a.jpg'], /--text/],
    [['quantize'], /No model is named/],
  ];
  for (const [args, message] of cases)
    it(args.join(' '), async () => {
      const { status, stdout, stderr } = await runCli(args);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split('\n').length, 1);
      assert.doesNotMatch(stderr, /^ {4}at /m);
    });
});

describe('parseCommandLine', () => {
  const parse = (name: string, ...args: string[]): ReturnType<typeof parseCommandLine> =>
    parseCommandLine(command(name), args);

  it('takes option names as the library writes them', () => {
    assert.equal(parse('caption', '--num_beams=3', 'a.jpg').number('num-beams'), 3);
    assert.equal(parse('caption', '--max_new_tokens', '5', 'a.jpg').number('max-new-tokens'), 5);
  });

  it('takes short options, repeated ones, and images that begin with a dash behind --', () => {
    const parsed = parse('ask', '-m', 'some/model', '--question', 'a?', '--question', 'b?', '--', '-x.jpg', '--y_z');
    assert.equal(parsed.string('model'), 'some/model');
    assert.deepEqual(parsed.strings('question'), ['a?', 'b?']);
    assert.deepEqual(parsed.positionals, ['-x.jpg', '--y_z']);
  });

  it('takes - as an argument, and negative numbers as values', () => {
    const parsed = parse('caption', '--length-penalty', '-1.5', '-');
    assert.deepEqual([parsed.number('length-penalty'), parsed.positionals], [-1.5, ['-']]);
  });

  const wrong: readonly (readonly [name: string, args: readonly string[], message: RegExp])[] = [
    ['caption', ['--num-beams', '0'], /--num-beams is "0".*at least 1/],
    ['caption', ['--num-beams', '2.5'], /--num-beams is "2.5".*whole number/],
    ['caption', ['--num-beams', ' '], /--num-beams/],
    ['caption', ['--max-new-tokens', 'many'], /"many"/],
    ['caption', ['--length-penalty', 'Infinity'], /"Infinity"/],
    ['caption', ['--dtype', 'fp61'], /"fp61".*fp16, fp32, int8.*Did you mean fp16/],
    ['caption', ['--model', '--json'], /--model needs a value.*"--json"/],
    ['caption', ['--model'], /--model needs a value/],
    ['caption', ['--model='], /--model is empty/],
    ['caption', ['--json=yes'], /--json takes no value/],
    ['caption', ['--model', 'a', '--model', 'b'], /--model is given twice/],
    ['caption', ['-x'], /Unknown option "-x"/],
    ['caption', ['--toString'], /Unknown option/],
    ['caption', ['--__proto__', 'x'], /Unknown option/],
    ['convert', ['a', 'b'], /"b" is too many/],
  ];
  for (const [name, args, message] of wrong)
    it(`rejects ${name} ${args.join(' ')}`, () => {
      assert.throws(
        () => parse(name, ...args),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    });
});
