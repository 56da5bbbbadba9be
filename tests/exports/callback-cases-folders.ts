// Calls that make and check model folders, with callbacks and signals.
import * as path from 'node:path';
import * as lib from '../../lib';
import { GraphBuilder, writeIR } from '../../lib/ir';
import { exhaust, fromHub, type CallbackCases } from './callback-case';
import type { Fixtures } from './callback-fixtures';

export function folderCases(fixtures: Fixtures): CallbackCases {
  const { checkpoint, model, samples, hubId, python } = fixtures;
  const opened = async <T>(call: (checkpoint: lib.BlipCheckpoint) => Promise<T>): Promise<T> => {
    const source = await lib.loadCheckpoint(checkpoint);
    return call(source).finally(() => source.close());
  };
  const task = (folder: string) => ({
    name: 'vision_model',
    action: 'compress_weights' as const,
    model: path.join(model, 'blip_vision_model.xml'),
    output: path.join(folder, 'blip_vision_model.xml'),
    parameters: { mode: 'INT8_ASYM' as const },
  });

  return {
    convertBlip: {
      run: (given, folder) =>
        opened(async (source) => (await lib.convertBlip(source, path.join(folder, 'out'), given)).clamped),
      silent: { on_warning: 'no weight is clamped: tests/convert/weight-values.test.ts' },
    },
    convertOnce: {
      run: ({ check, ...given }, folder) => lib.convertOnce(hubId, { ...fromHub(folder), ...given }, check),
    },
    modelCacheFolder: {
      run: (given, folder) => lib.modelCacheFolder(hubId, { ...fromHub(folder), ...given }),
    },
    quantizeBlip: {
      run: async (given, folder) =>
        (await lib.quantizeBlip(model, samples, path.join(folder, 'int8'), given)).calibration,
    },
    runNncfWorker: {
      run: (given, folder) => lib.runNncfWorker([task(folder)], { python, ...given }),
    },
    verifyCheckpoint: {
      run: async (given) =>
        (await exhaust(lib.verifyCheckpoint(checkpoint, { picture: false, int8: false, runs: 0, ...given }))).length,
    },
    verifyModelFolder: {
      run: async (given) => (await lib.verifyModelFolder(model, given)).files,
    },
    writeIR: {
      run: async (given, folder) => {
        const g = new GraphBuilder('sums');
        const x = g.parameter('x', 'f32', [1]);
        const constants = [1, 2, 3].map((value) =>
          g.constant(`c${value}`, 'f32', [1], { key: `c${value}`, bytes: () => new Uint8Array(4).fill(value) }),
        );
        g.result(
          'y',
          constants.reduce((sum, each, i) => g.add(sum, each, `s${i}`), x),
        );
        return (await writeIR(g, path.join(folder, 'sums.xml'), given)).binBytes;
      },
    },
  };
}
