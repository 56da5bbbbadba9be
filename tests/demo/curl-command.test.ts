// The command line that the page shows: a POSIX shell passes to curl exactly what was meant, whatever names and
// questions contain.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { pageFunction } from './page-module';

const HOSTILE = ["it's", '$(touch x)', '`id`', 'a b', '!!', '"', '\\', '*', 'ü 日本', "';id;'", 'a\nb', '%', '&', '#'];

/** The arguments that a shell hands to a program named curl. */
function argumentsOf(command: string): string[] {
  const script = `curl() { for a in "$@"; do printf '%s\\0' "$a"; done; }\n${command}\n`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.split('\0').slice(0, -1);
}

test('the shell splits the command as it was meant', { skip: process.platform === 'win32' }, async () => {
  const curlCommand = await pageFunction('curl-command.mjs', 'curlCommand');
  for (const text of HOSTILE) {
    const file = `${text}.jpg`;
    const command = String(
      curlCommand(
        'http://127.0.0.1:40123/',
        file,
        [
          ['question', text],
          ['candidate', text],
        ],
        'to-ken_1',
      ),
    );
    const [url, ...rest] = argumentsOf(command);
    assert.equal(new URL(url).searchParams.get('question'), text);
    assert.equal(new URL(url).searchParams.get('candidate'), text);
    assert.doesNotMatch(url, /[[\]{}]/, 'curl would take them for a pattern');
    assert.deepEqual(rest, ['-H', 'X-Demo-Token: to-ken_1', '--data-binary', `@${file}`]);
  }
  const dash = argumentsOf(String(curlCommand('http://127.0.0.1:1/', '-', [['question', '']], 't')));
  assert.equal(dash.at(-1), '@./-', 'not the standard input');
});
