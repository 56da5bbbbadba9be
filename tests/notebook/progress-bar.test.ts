// Progress bars: drawn in place in a notebook, not more often than is seen, always to the end, silent in files.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { progressBar } from '../../lib/notebook/progress-bar';
import { recordOutputs } from './record-outputs';

/** A clock that stands still unless it is moved. */
function clock(t: TestContext): { tick: (ms: number) => void } {
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  return {
    tick: (ms) => {
      now += ms;
    },
  };
}

describe('progressBar in a notebook', () => {
  it('replaces its own output in place, and says what, how far and how long', (t) => {
    const { tick } = clock(t);
    const outputs = recordOutputs(() => {
      const report = progressBar('NNCF');
      report({ status: 'statistics', file: 'vision_model', loaded: 30, total: 300 });
      tick(1500);
      report({ status: 'statistics', file: 'vision_model', loaded: 300, total: 300 });
    });
    assert.deepEqual(
      outputs.map(({ update }) => update),
      [false, true],
    );
    assert.equal(outputs[0].display_id, outputs[1].display_id);
    const lines = [
      'NNCF vision_model, statistics: 30 of 300, 0.0 s',
      'NNCF vision_model, statistics: 300 of 300, 1.5 s',
    ];
    assert.deepEqual(
      outputs.map(({ data }) => data['text/plain']),
      lines,
    );
    assert.match(outputs[0].data['text/html'], /width:10\.0%/);
    assert.match(outputs[1].data['text/html'], /width:100\.0%/);
  });

  it('says how long the present phase still takes, from its own speed, and not before that is known', (t) => {
    const { tick } = clock(t);
    const outputs = recordOutputs(() => {
      const report = progressBar('Work');
      const at = (status: string, loaded: number, total: number, ms: number): void => {
        tick(ms);
        report({ status, loaded, total });
      };
      // Taken up again: what is there already says nothing about the speed
      at('download', 500 * 2 ** 20, 1000 * 2 ** 20, 0);
      at('download', 501 * 2 ** 20, 1000 * 2 ** 20, 1000);
      at('download', 520 * 2 ** 20, 1000 * 2 ** 20, 3000);
      at('statistics', 0, 300, 1000);
      at('statistics', 1, 300, 40_000);
      at('statistics', 299, 300, 1000);
      at('statistics', 300, 300, 1000);
      at('weights', 1, 1_000_000, 100);
      at('weights', 2, 1_000_000, 10_000);
    });
    assert.deepEqual(
      outputs.map(({ data }) => /about (.*) left$/.exec(data['text/plain'])?.[1]),
      [undefined, undefined, '2 min', undefined, '3 h 19 min', '1 s', undefined, undefined, '2777 h 46 min'],
    );
  });

  it('shows what is waited for, in seconds', (t) => {
    clock(t);
    const [output] = recordOutputs(() =>
      progressBar('Checkpoint')({ status: 'wait', loaded: 3, total: 30, message: 'the hub answered 429' }),
    );
    assert.match(output.data['text/plain'], /wait: 3 s of 30 s, the hub answered 429/);
  });

  it('has an output of its own for each bar', (t) => {
    clock(t);
    const outputs = recordOutputs(() => {
      for (const label of ['A', 'B']) progressBar(label)({ status: 'x', loaded: 1, total: 1 });
    });
    assert.notEqual(outputs[0].display_id, outputs[1].display_id);
  });

  it('draws the first and the last report, and in between at most ten a second', (t) => {
    const { tick } = clock(t);
    const outputs = recordOutputs(() => {
      const report = progressBar('Convert');
      for (let loaded = 1; loaded <= 1000; loaded++) {
        report({ status: 'samples', loaded, total: 1000 });
        tick(1);
      }
    });
    assert.ok(outputs.length >= 10 && outputs.length <= 12, `${outputs.length} outputs`);
    assert.match(outputs[0].data['text/plain'], /: 1 of 1000/);
    assert.match(outputs[outputs.length - 1].data['text/plain'], /: 1000 of 1000/);
  });

  it('counts bytes in MiB, works without a total, and escapes names of files', (t) => {
    const { tick } = clock(t);
    const outputs = recordOutputs(() => {
      const report = progressBar('Checkpoint');
      report({ status: 'download', file: '<b>.safetensors', loaded: 3 * 2 ** 20, total: 12 * 2 ** 20 });
      tick(200);
      report({ status: 'scan', loaded: 7 });
      tick(200);
      report({ status: 'scan' });
    });
    assert.match(outputs[0].data['text/plain'], /^Checkpoint <b>\.safetensors, download: 3\.0 MiB of 12\.0 MiB/);
    assert.match(outputs[0].data['text/html'], /&lt;b&gt;\.safetensors.*width:25\.0%/s);
    assert.deepEqual(
      outputs.slice(1).map(({ data }) => data['text/plain']),
      ['Checkpoint, scan: 7, 0.2 s', 'Checkpoint, scan: 0, 0.4 s'],
    );
    assert.match(outputs[1].data['text/html'], /width:0\.0%/);
  });
});

describe('progressBar elsewhere', () => {
  const written = (t: TestContext, isTTY: boolean): string[] => {
    clock(t);
    const was = process.stderr.isTTY;
    const lines: string[] = [];
    const write = t.mock.method(process.stderr, 'write', (text: string) => {
      lines.push(text);
      return true;
    });
    process.stderr.isTTY = isTTY;
    try {
      const report = progressBar('Convert');
      report({ status: 'convert', loaded: 0, total: 2 ** 20 });
      report({ status: 'convert', loaded: 2 ** 20, total: 2 ** 20 });
    } finally {
      process.stderr.isTTY = was;
      write.mock.restore();
    }
    return lines;
  };

  it('rewrites one line of a terminal, and ends it when it is done', (t) =>
    assert.deepEqual(written(t, true), [
      '\r\x1b[KConvert: 0.0 MiB of 1.0 MiB, 0.0 s',
      '\r\x1b[KConvert: 1.0 MiB of 1.0 MiB, 0.0 s\n',
    ]));

  it('leaves files and pipes alone', (t) => assert.deepEqual(written(t, false), []));
});
