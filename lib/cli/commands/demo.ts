// blip-openvino demo: a page in the browser to ask the model about images.
import { readFile } from 'node:fs/promises';
import type { Demo, DemoExample } from '../../demo';
import { EXIT_OK, UsageError, type Command } from '../command';
import { DEMO_MODEL_OPTIONS, loadDemoModels } from '../demo-models';
import { chooseModel, MODEL_OPTIONS } from '../shared-options';

const USUAL_MODEL = 'Salesforce/blip-vqa-base';
const MAX_PORT = 65_535;

export const demo: Command = {
  name: 'demo',
  summary: 'serve a page to ask the model about images',
  usage: '[options] [example image]...',
  description:
    'The page is at an address of this machine and answers to it alone. It is served until Ctrl-C. ' +
    `Model: ${USUAL_MODEL}, unless --model or BLIP_MODEL names another.`,
  positionals: { min: 0, max: 10, what: 'example images' },
  options: {
    port: { type: 'integer', min: 0, help: 'port of the page; a free one by default' },
    examples: { type: 'string', value: 'folder', help: 'a folder with examples and their pictures.json' },
    question: { type: 'string', value: 'text', help: 'what the page asks about an example image at first' },
    'base-url': {
      type: 'string',
      value: 'address',
      help: "the page's address behind a proxy; {port} in it stands for the port",
    },
    'allow-host': {
      type: 'string',
      value: 'name',
      multiple: true,
      help: 'a host name under which the page answers beside its own; BLIP_DEMO_HOSTS by default',
    },
    ...DEMO_MODEL_OPTIONS,
    ...MODEL_OPTIONS,
  },
  examples: [{ command: 'demo --model models/blip-scenes --port 8080', output: 'http://127.0.0.1:8080/?token=…' }],
  async run(parsed, terminal) {
    const port = parsed.number('port') ?? 0;
    if (port > MAX_PORT) throw new UsageError(`--port is ${port}; expected 0 (a free one) to ${MAX_PORT}.`);
    const { BlipProcessor } = await import('../../preprocessing');
    const { startDemo } = await import('../../demo');
    const { model, compare, matcher, dispose } = await loadDemoModels(
      chooseModel(parsed, USUAL_MODEL),
      parsed,
      terminal,
    );
    try {
      const examples = await readExamples(parsed.string('examples'), model.canAnswer);
      const question = parsed.string('question');
      for (const image of parsed.positionals) examples.push({ image, ...(question !== undefined && { question }) });
      const [base_url, allowed_hosts] = [parsed.string('base-url'), parsed.strings('allow-host')];
      const page = await startDemo(model, await BlipProcessor.fromCheckpoint(model.folder), {
        port,
        examples,
        ...(compare && { compare }),
        ...(matcher && { matcher }),
        ...(base_url !== undefined && { base_url }),
        ...(allowed_hosts.length > 0 && { allowed_hosts }),
      });
      await warmUp(page, examples[0], compare !== undefined);
      if (parsed.flag('json')) await terminal.print(JSON.stringify({ url: page.url }));
      else await terminal.print(page.url);
      terminal.note('Open it in a browser. Ctrl-C ends it.');
      await untilInterrupted(terminal.signal);
      await page.close();
    } finally {
      dispose();
    }
    return EXIT_OK;
  },
};

/** A question about each image, and a caption of the first. */
async function readExamples(folder: string | undefined, canAnswer: boolean): Promise<DemoExample[]> {
  if (folder === undefined) return [];
  const { readPictures } = await import('../../datasets');
  const examples = readPictures(folder).map(({ file, caption, questions }) => ({
    image: file,
    description: caption,
    question: canAnswer ? (questions[0]?.question ?? '') : '',
  }));
  return [...examples, ...examples.slice(0, 1).map(({ image, description }) => ({ image, description }))];
}

/** The first run after compiling is slow. */
async function warmUp(demo: Demo, example: DemoExample | undefined, compares: boolean): Promise<void> {
  if (!example) return;
  const body = new Uint8Array(await readFile(example.image));
  for (const question of new Set(['', example.question ?? '']))
    await fetch(demo.endpoint('answer', { question, compare: compares ? '1' : '0' }), { method: 'POST', body });
}

function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const keepAlive = setInterval(() => {}, 1 << 30); // the page's server does not
    signal.addEventListener('abort', () => {
      clearInterval(keepAlive);
      resolve();
    });
  });
}
