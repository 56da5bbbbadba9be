// blip-openvino info: what a bug report should contain.
import { EXIT_OK, type Command } from '../command';

export const info: Command = {
  name: 'info',
  summary: 'print versions, devices and caches for a bug report',
  usage: '[folder...] [options]',
  description:
    'Of a model folder: also who made it, of which checkpoint, and the versions of OpenVINO and NNCF that wrote it. ' +
    'Works without OpenVINO too: then it says where it was looked for. Tokens and passwords are not shown; look ' +
    'over the paths ' +
    'and addresses before you publish them.',
  positionals: { min: 0, max: 20, what: 'model folders' },
  options: {},
  examples: [
    {
      command: 'info',
      output: [
        'Versions',
        '  blip-openvino     0.1.0',
        '  Node.js           20.20.2',
        '  OpenVINO          2026.4.1-22982-e213a147257-releases/2026/4 (c-api)',
        '  …',
      ].join('\n'),
    },
  ],
  async run(parsed, terminal) {
    const { collectInfo } = await import('../info/collect-info');
    const { formatInfo } = await import('../info/format-info');
    const collected = await collectInfo(terminal.signal, parsed.positionals);
    await terminal.print(parsed.flag('json') ? JSON.stringify(collected, null, 2) : formatInfo(collected));
    return EXIT_OK;
  },
};
