// Phases of a long call: their order, counts and times, with the progress bar still drawn.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { phaseLog, type PhaseRow } from '../../lib/notebook/phase-log';
import type { Progress } from '../../lib/core/progress';
import { recordOutputs } from './record-outputs';

/** Gives the reports a second apart, the first one a second after the log was made. */
function follow(t: TestContext, reports: readonly Progress[]): { rows: PhaseRow[]; lines: string[] } {
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  let rows: PhaseRow[] = [];
  const outputs = recordOutputs(() => {
    const { progress_callback, rows: read } = phaseLog('NNCF');
    for (const report of reports) {
      now += 1000;
      progress_callback(report);
    }
    rows = read();
  });
  return { rows, lines: outputs.map(({ data }) => data['text/plain']) };
}

describe('phaseLog', () => {
  it('gives each phase its count and its time; the times add up to the whole', (t) => {
    const { rows, lines } = follow(t, [
      { status: 'calibration inputs', loaded: 1, total: 2 },
      { status: 'calibration inputs', loaded: 2, total: 2 },
      { status: 'statistics', file: 'vision_model', loaded: 0, total: 300 },
      { status: 'statistics', file: 'vision_model', loaded: 150, total: 300 },
      { status: 'statistics', file: 'vision_model', loaded: 300, total: 300 },
      { status: 'SmoothQuant', file: 'vision_model', loaded: 48, total: 48 },
    ]);
    assert.deepEqual(rows, [
      { part: '', phase: 'calibration inputs', done: 2, 'time s': '2.0' },
      { part: 'vision_model', phase: 'statistics', done: 300, 'time s': '3.0' },
      { part: 'vision_model', phase: 'SmoothQuant', done: 48, 'time s': '1.0' },
    ]);
    assert.equal(lines[0], 'NNCF, calibration inputs: 1 of 2, 1.0 s');
    assert.equal(lines.length, 6);
  });

  it('keeps a phase that comes again apart: right after itself, in another part, or later', (t) => {
    const { rows } = follow(t, [
      { status: 'statistics', file: 'vision_model', loaded: 0 },
      { status: 'statistics', file: 'vision_model', loaded: 9 },
      { status: 'statistics', file: 'vision_model', loaded: 0 },
      { status: 'statistics', file: 'vision_model', loaded: 7 },
      { status: 'statistics', file: 'text_encoder', loaded: 8 },
      { status: 'writing', file: 'text_encoder' },
    ]);
    assert.deepEqual(
      rows.map(({ part, phase, done }) => [part, phase, done]),
      [
        ['vision_model', 'statistics', 9],
        ['vision_model', 'statistics', 7],
        ['text_encoder', 'statistics', 8],
        ['text_encoder', 'writing', 0],
      ],
    );
  });

  it('has no rows before the first report', (t) => assert.deepEqual(follow(t, []), { rows: [], lines: [] }));
});
