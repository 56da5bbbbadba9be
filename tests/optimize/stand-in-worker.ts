// An interpreter that does not interpret: it speaks the protocol of NNCF's worker, and its results are copies of the
// models. For tests of what happens around a quantization, which then takes no minutes.
import * as fs from 'node:fs';

const PROGRAM = `#!${process.execPath}
const fs = require('node:fs');
process.stdin.on('end', () => process.exit(3));
const send = (message) => fs.writeSync(1, JSON.stringify(message) + '\\n');
const COUNTS = ['smooth_quant_nodes', 'ignored_nodes', 'bias_corrected_nodes', 'compressed_weights'];
const steps = [];
process.stdin.once('data', (line) => {
  steps.push(() => send({ type: 'ready', nncf: '0.0.1-stand-in', openvino: '0.0.2-stand-in' }));
  for (const { name, model, output } of JSON.parse(line).tasks) {
    steps.push(() => send({ type: 'task', name }));
    for (const done of [1, 2])
      steps.push(() => {
        send({ type: 'progress', phase: 'statistics', done, total: 2 });
        send({ type: 'log', level: 'INFO', message: 'step ' + done });
      });
    steps.push(() => {
      for (const extension of ['bin', 'xml']) {
        const part = output.replace(/xml$/, process.pid + '.part.' + extension);
        fs.copyFileSync(model.replace(/xml$/, extension), part);
        fs.renameSync(part, output.replace(/xml$/, extension));
      }
      const counts = Object.fromEntries(COUNTS.map((count) => [count, 0]));
      send({ type: 'result', name, seconds: 0, samples: 3, ...counts });
    });
  }
  steps.push(() => {
    send({ type: 'done' });
    process.exit(0);
  });
  const next = () => {
    steps.shift()?.();
    setTimeout(next, PAUSE_MS);
  };
  next();
});
`;

/**
 * Writes the program, which stands in for a Python: `BLIP_PYTHON`. POSIX only, since it is started by its `#!`.
 *
 * @param pauseMs between two messages
 */
export function writeStandInWorker(file: string, pauseMs = 0): void {
  fs.writeFileSync(file, PROGRAM.replace('PAUSE_MS', String(pauseMs)), { mode: 0o755 });
}
