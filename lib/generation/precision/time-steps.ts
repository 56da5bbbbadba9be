// How long a device takes for a step of a text decoder in one precision and in another, for one text and for several.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeQuietly } from '../../core/remove-quietly';
import { temporaryFolder } from '../../core/temporary-folder';
import { excerptIR, readIR, ReadIRError } from '../../ir';
import type { CompiledModel, Config, Core, OpenVINO } from '../../openvino';
import { DecoderSession } from '../decoder-session';
import { occupying, type TimedTurns } from './judge-trial';

export interface TimedDecoder {
  readonly openvino: OpenVINO;
  readonly core: Core;
  readonly device: string;
  /** The decoder's graph; its weights lie beside it. */
  readonly xml: string;
  /** What its texts attend to. */
  readonly source: { readonly tokens: number; readonly size: number };
}

/** Of the decoder's layers, so many are compiled. */
const LAYERS = 2;
/** Texts that are written at once: of one image, and of a batch. Both count the same. */
const ROWS = [1, 8] as const;

/** Beside the first step, which packs the weights. */
const MIN_STEPS = 6;
const MAX_STEPS = 16;
/** More than MIN_STEPS only within this time. */
const ENOUGH_MS = 100;

/**
 * Compiles the decoder's first layers once for each setting, and writes texts with all of them in turns, each about
 * its own image.
 *
 * @returns for each setting and turn the geometric mean of a step of one text and a step of several
 * @throws {ReadIRError} when it is no decoder of `convertBlip`; the system's or OpenVINO's error
 */
export async function timeSteps(decoder: TimedDecoder, settings: readonly Config[]): Promise<TimedTurns> {
  const { core, device, xml } = decoder;
  const folder = await temporaryFolder('blip-precision-');
  const compiled: CompiledModel[] = [];
  const sessions: DecoderSession[][] = [];
  try {
    const excerpt = path.join(folder, 'first_layers.xml');
    await fs.promises.writeFile(excerpt, firstLayers(xml));
    for (const setting of settings) {
      const model = await core.readModel(excerpt, xml.replace(/\.xml$/, '.bin'));
      try {
        compiled.push(await core.compileModel(model, device, setting));
      } finally {
        model.dispose();
      }
    }
    const images = ROWS.map((rows) => imagesOf(decoder, rows));
    for (const model of compiled) sessions.push(images.map((states) => begin(decoder, model, states)));
    for (const each of sessions) await stepOfAll(each); // packs the weights
    const { result: times, occupied } = await occupying(() => takeTurns(sessions));
    return { times, occupied };
  } finally {
    for (const session of sessions.flat()) session.dispose();
    for (const model of compiled) model.dispose();
    await removeQuietly(folder);
  }
}

/** The decoder as far as its last layers and its output matrix. */
function firstLayers(xml: string): string {
  const ir = readIR(xml);
  const layer = (index: number): string => `text_decoder.bert.encoder.layer.${index}.output.LayerNorm`;
  const count = ir.layers.filter(({ name }) =>
    /^text_decoder\.bert\.encoder\.layer\.\d+\.output\.LayerNorm$/.test(name),
  ).length;
  if (count === 0) throw new ReadIRError(`${xml}: got no layers of a text decoder. Convert the model again.`);
  const scores = ir.layer('logits/result').inputs[0].layer.name;
  const redirect = { [scores]: 'last_token', ...(count > LAYERS && { [layer(count - 1)]: layer(LAYERS - 1) }) };
  return excerptIR(xml, { results: ['logits/result'], redirect });
}

type States = ConstructorParameters<typeof DecoderSession>[0]['states'];

function imagesOf({ source: { tokens, size } }: TimedDecoder, rows: number): States {
  return { data: new Float32Array(rows * tokens * size).fill(0.5), dims: [rows, tokens, size] };
}

function begin({ openvino }: TimedDecoder, decoder: CompiledModel, states: States): DecoderSession {
  return new DecoderSession({ openvino, decoder, states, rows: states.dims[0], max_length: MAX_STEPS + 1 });
}

async function takeTurns(sessions: readonly (readonly DecoderSession[])[]): Promise<number[][]> {
  const times: number[][] = sessions.map(() => []);
  const begun = performance.now();
  for (let turn = 0; turn < MAX_STEPS && (turn < MIN_STEPS || performance.now() - begun < ENOUGH_MS); turn++)
    for (const [i, each] of sessions.entries()) times[i].push(await stepOfAll(each));
  return times;
}

/** The geometric mean of a step of each session, in milliseconds. */
async function stepOfAll(sessions: readonly DecoderSession[]): Promise<number> {
  let product = 1;
  for (const [i, session] of sessions.entries()) {
    const ids = Array<number>(ROWS[i]).fill(0);
    const start = performance.now();
    await session.step(ids, ids.length, 1, Int32Array.from(ids.keys()));
    product *= performance.now() - start;
  }
  return product ** (1 / sessions.length);
}
