// A writer in a process of its own: says that it is ready, waits for a word, and prints what came of it.
import { BlipError } from '../../lib/core/errors';
import { WRITERS, type WriterSources } from './writers';

const [name, folder, sources, who] = process.argv.slice(2);
const given: WriterSources = JSON.parse(sources);

process.stdin.once('data', () => {
  process.stdin.destroy();
  WRITERS[name].run(folder, given, who).then(
    (value) => console.log(`result ${JSON.stringify({ value })}`),
    (error: unknown) =>
      console.log(`result ${JSON.stringify({ error: String(error), isNamed: error instanceof BlipError })}`),
  );
});
console.log('ready');
