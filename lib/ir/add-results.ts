// A graph in which operations inside it are outputs, too: for looking into models.
import { checkArguments } from '../core/check-arguments';
import { readText } from '../core/read-text';
import { MAX_XML_BYTES, ReadIRError, readIR } from './read-ir';

/** The name of the output that `addResults` makes of the name at `index`; no converter writes such a name. */
export function resultName(index: number): string {
  return `node_outputs.${index}`;
}

/**
 * The text of an IR's .xml, with one more output for each named operation: its first result, named `resultName(index)`.
 * The .bin stays as it is.
 *
 * @throws {ReadIRError} when there is no such operation, or it has no result
 */
export function addResults(xml: string, names: readonly string[]): string {
  checkArguments('addResults', { xml: [xml, 'path'], names: [names, 'texts'] });
  const ir = readIR(xml);
  let text = readText(ir.xml, { maxBytes: MAX_XML_BYTES, error: ReadIRError });
  const firstId = Math.max(...ir.layers.map(({ id }) => id)) + 1;
  const results: string[] = [];
  const edges: string[] = [];
  names.forEach((name, index) => {
    const { id: from } = ir.layer(name);
    const start = text.indexOf(`<layer id="${from}" `);
    const end = text.indexOf('</layer>', start);
    const layer = text.slice(start, end);
    const port = /<output>\s*<port id="(\d+)" (precision="[^"]*")(?: names="([^"]*)")?/.exec(layer);
    if (!port) throw new ReadIRError(`${ir.xml}: layer "${name}" has no output. Name another operation.`);
    const [tag, portId, precision, others] = port;
    const tensorNames = [...(others ? [others] : []), resultName(index)].join(',');
    const named = `<output><port id="${portId}" ${precision} names="${tensorNames}"`;
    const at = start + port.index;
    text = text.slice(0, at) + named + text.slice(at + tag.length);
    const id = firstId + index;
    results.push(
      `<layer id="${id}" name="${resultName(index)}/result" type="Result" version="opset1">` +
        `<input><port id="0" ${precision}/></input></layer>`,
    );
    edges.push(`<edge from-layer="${from}" from-port="${portId}" to-layer="${id}" to-port="0"/>`);
  });
  return text
    .replace('</layers>', () => `${results.join('')}</layers>`)
    .replace('</edges>', () => `${edges.join('')}</edges>`);
}
