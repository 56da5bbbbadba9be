// The demo as a program: converts the checkpoint, loads it, serves the page until Ctrl-C. `--port 8080` chooses a port.
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import {
  BlipError,
  BlipProcessor,
  convertBlip,
  loadCheckpoint,
  modelName,
  OVBlipModel,
  readPictures,
  startDemo,
} from '../lib';
import { progressBar } from '../lib/notebook';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new BlipError(`--port is "${values.port}", expected 0 (a free one) to 65535.`);
  const checkpoint = await loadCheckpoint(process.env.BLIP_MODEL ?? path.join('models', 'blip-scenes'), {
    progress_callback: progressBar('Checkpoint'),
  });
  const { folder } = await convertBlip(checkpoint, path.join('output', modelName(checkpoint.id), 'fp16'), {
    progress_callback: progressBar('Convert'),
  });
  checkpoint.close();
  const model = await OVBlipModel.load(folder, { device: process.env.BLIP_DEVICE ?? 'CPU' });
  const examples = readPictures(path.join('data', 'pictures')).map(({ file, questions }) => ({
    image: file,
    question: model.canAnswer ? questions[0].question : '',
  }));
  const demo = await startDemo(model, await BlipProcessor.fromCheckpoint(folder), {
    port,
    examples: [...examples, { image: examples[0].image }],
  });
  for (const { image, question = '' } of examples.slice(0, 1)) // the first run after compiling is slow
    for (const asked of new Set(['', question]))
      await fetch(`${demo.url}answer?question=${encodeURIComponent(asked)}`, {
        method: 'POST',
        body: new Uint8Array(await readFile(image)),
      });
  console.log(`\nOpen ${demo.url} in a browser. Ctrl-C ends it.`);
  await new Promise<void>((resolve) => {
    const keepAlive = setInterval(() => {}, 1 << 30); // the page's server does not
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => {
        clearInterval(keepAlive);
        resolve();
      });
  });
  await demo.close();
  model.dispose();
}

main().catch((error: unknown) => {
  console.error(
    `\n${error instanceof BlipError ? error.message : error instanceof Error ? error.stack : String(error)}`,
  );
  process.exitCode = 1;
});
