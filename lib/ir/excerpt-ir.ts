// A part of a graph as a graph of its own: for trying what an operation or a layer costs.
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { readText } from '../core/read-text';
import { MAX_XML_BYTES, ReadIRError, readIR, type IRFile, type IRLayer } from './read-ir';

export interface ExcerptOptions {
  /** Results that are kept, by their layers' names; everything that none of them needs is left out. */
  readonly results: readonly string[];
  /** Whoever reads the operation on the left reads the first output of the one on the right instead. */
  readonly redirect: Readonly<Record<string, string>>;
}

const PORT = /(<output>\s*<port id="\d+" precision="[^"]*")(?: names="([^"]*)")?/;

/**
 * The text of an .xml with a part of an IR's operations. A result that is redirected keeps the name of its output.
 * The .bin stays as it is. Variables are kept where they are read.
 *
 * @example
 * // The decoder without its second half, and without its output matrix
 * const layer = (i: number) => `text_decoder.bert.encoder.layer.${i}.output.LayerNorm`;
 * const redirect = { [layer(11)]: layer(5), 'text_decoder.cls.predictions.decoder': 'last_token' };
 * fs.writeFileSync('half.xml', excerptIR('blip_text_decoder.xml', { results: ['logits/result'], redirect }));
 * @throws {ReadIRError} when there is no such operation, or it has no output
 */
export function excerptIR(xml: string, options: ExcerptOptions): string {
  checkOptions('excerptIR', options, ['results', 'redirect']);
  const { results, redirect } = options;
  checkArguments('excerptIR', { xml: [xml, 'path'], results: [results, 'texts'], redirect: [redirect, 'object'] });
  const ir = readIR(xml);
  const redirected = new Map(Object.entries(redirect).map(([from, to]) => [ir.layer(from), ir.layer(to)]));
  const roots = results.map((name) => ir.layer(name));
  const kept = neededLayers(ir, roots, redirected);
  const text = readText(ir.xml, { maxBytes: MAX_XML_BYTES, error: ReadIRError });
  const layers = new Map(
    [...text.matchAll(/<layer id="(\d+)"[^>]*>[\s\S]*?<\/layer>/g)].map(([layer, id]) => [Number(id), layer]),
  );
  const textOf = ({ id }: IRLayer): string => layers.get(id) ?? '';
  for (const root of roots)
    for (const { layer: source } of root.inputs) {
      const target = redirected.get(source);
      const names = PORT.exec(textOf(source))?.[2];
      if (target && names !== undefined) layers.set(target.id, addNames(textOf(target), names));
    }
  const source = (layer: IRLayer, port: number): string => {
    const target = redirected.get(layer);
    return target
      ? `from-layer="${target.id}" from-port="${firstPort(ir, textOf(target), target)}"`
      : `from-layer="${layer.id}" from-port="${port}"`;
  };
  const edges = [...kept].flatMap(({ id, inputs }) =>
    inputs.map((input, place) => `<edge ${source(input.layer, input.port)} to-layer="${id}" to-port="${place}"/>`),
  );
  const body = [...kept].map(textOf).join('\n');
  return text
    .replace(/<layers>[\s\S]*<\/layers>/, () => `<layers>\n${body}\n</layers>`)
    .replace(/<edges>[\s\S]*<\/edges>/, () => `<edges>\n${edges.join('\n')}\n</edges>`);
}

/** In the order of the file. */
function neededLayers(
  ir: IRFile,
  roots: readonly IRLayer[],
  redirected: ReadonlyMap<IRLayer, IRLayer>,
): ReadonlySet<IRLayer> {
  const needed = new Set(roots);
  const add = (): void => {
    for (const layer of needed) for (const { layer: input } of layer.inputs) needed.add(redirected.get(input) ?? input);
  };
  add();
  const variables = new Set([...needed].map(({ attributes }) => attributes.variable_id).filter(Boolean));
  for (const layer of ir.layers) if (variables.has(layer.attributes.variable_id)) needed.add(layer);
  add();
  return new Set(ir.layers.filter((layer) => needed.has(layer)));
}

function firstPort(ir: IRFile, text: string, { name }: IRLayer): string {
  const port = /<output>\s*<port id="(\d+)"/.exec(text)?.[1];
  if (port === undefined) throw new ReadIRError(`${ir.xml}: layer "${name}" has no output. Name another operation.`);
  return port;
}

function addNames(layer: string, added: string): string {
  return layer.replace(PORT, (_, start: string, names?: string) => {
    const all = [...(names ? [names] : []), added].join(',');
    return `${start} names="${all}"`;
  });
}
