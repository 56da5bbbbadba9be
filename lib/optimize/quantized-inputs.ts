// Where a quantized model rounds activations, read from its IR: the operation, its range, and what SmoothQuant did
// before it.
import { checkArguments } from '../core/check-arguments';
import { readIR, type IRFile, type IRLayer } from '../ir';

const SMOOTHING = /\/nncf_smooth_quant$/;

export interface QuantizedInput {
  /** The operation whose result is rounded: its name is the same in the model that was quantized. */
  readonly node: string;
  /** Ends of the range; what is beyond is cut off. */
  readonly low: number;
  readonly high: number;
  /** How many values can be told apart: 256 for 8 bits. */
  readonly levels: number;
  /** SmoothQuant's factor for each channel, by which the activations are multiplied and the weights divided. */
  readonly smoothing?: Float32Array;
}

/**
 * Every `FakeQuantize` of a model that has one range for all channels, in the order of the file.
 *
 * @example
 * quantizedInputs('int8/blip_vision_model.xml').length // 31
 * @throws {ReadIRError} when the file is no IR
 */
export function quantizedInputs(xml: string): QuantizedInput[] {
  checkArguments('quantizedInputs', { xml: [xml, 'path'] });
  const ir = readIR(xml);
  return ir.layers.filter(({ type }) => type === 'FakeQuantize').flatMap((layer) => quantizedInput(ir, layer) ?? []);
}

/** The one whose channels SmoothQuant treated most differently; undefined where nothing was smoothed. */
export function mostSmoothed(places: readonly QuantizedInput[]): QuantizedInput | undefined {
  checkArguments('mostSmoothed', { places: [places, 'list'] });
  for (const place of places) checkArguments('mostSmoothed', { 'each of places': [place, ['node', 'low', 'high']] });
  const spread = ({ smoothing }: QuantizedInput): number => {
    const factors = Array.from(smoothing instanceof Float32Array ? smoothing : []);
    return Math.max(...factors) / Math.min(...factors);
  };
  return places.filter(({ smoothing }) => smoothing instanceof Float32Array).sort((a, b) => spread(b) - spread(a))[0];
}

function quantizedInput(ir: IRFile, { attributes, inputs }: IRLayer): QuantizedInput | undefined {
  const [source, low, high] = inputs.map(({ layer }) => layer);
  const [lows, highs] = [low, high].map((layer) => ir.values(layer.name).data);
  if (lows.length !== 1 || highs.length !== 1) return undefined; // a range for each channel
  const range = { low: lows[0], high: highs[0], levels: Number(attributes.levels) };
  if (!SMOOTHING.test(source.name)) return { node: source.name, ...range };
  const [activations, factors] = source.inputs.map(({ layer }) => layer);
  return { node: activations.name, ...range, smoothing: Float32Array.from(ir.values(factors.name).data) };
}
