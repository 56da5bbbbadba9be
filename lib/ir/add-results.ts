// A graph in which operations inside it are outputs, too: for looking into models.
import { checkArguments } from '../core/check-arguments';
import { readText } from '../core/read-text';
import { quote } from '../core/quote';
import { MAX_XML_BYTES, ReadIRError, readIR } from './read-ir';

const OUTPUT_NAME = /^[\w.]+$/;

/**
 * The text of an IR's .xml, with one more output for each operation in `results`: its first, under the key as its
 * name. The .bin stays as it is.
 *
 * @param results operations by the names of the new outputs: letters, digits, "_" and "."
 * @example
 * fs.writeFileSync('probe.xml', addResults('model.xml', { normalized: 'vision_model.encoder.layers.0.layer_norm1' }));
 * @throws {ReadIRError} when there is no such operation, or it has no result
 */
export function addResults(xml: string, results: Readonly<Record<string, string>>): string {
  checkArguments('addResults', { xml: [xml, 'path'], results: [results, 'object'] });
  for (const [output, name] of Object.entries(results)) {
    checkArguments('addResults', { [`results.${output}`]: [name, 'text'] });
    if (!OUTPUT_NAME.test(output))
      throw new ReadIRError(`${xml}: got the output name ${quote(output)}, expected letters, digits, "_" and ".".`);
  }
  const ir = readIR(xml);
  let text = readText(ir.xml, { maxBytes: MAX_XML_BYTES, error: ReadIRError });
  const firstId = Math.max(...ir.layers.map(({ id }) => id)) + 1;
  const added: string[] = [];
  const edges: string[] = [];
  Object.entries(results).forEach(([output, name], index) => {
    const { id: from } = ir.layer(name);
    const start = text.indexOf(`<layer id="${from}" `);
    const end = text.indexOf('</layer>', start);
    const layer = text.slice(start, end);
    const port = /<output>\s*<port id="(\d+)" (precision="[^"]*")(?: names="([^"]*)")?/.exec(layer);
    if (!port) throw new ReadIRError(`${ir.xml}: layer "${name}" has no output. Name another operation.`);
    const [tag, portId, precision, others] = port;
    const tensorNames = [...(others ? [others] : []), output].join(',');
    const named = `<output><port id="${portId}" ${precision} names="${tensorNames}"`;
    const at = start + port.index;
    text = text.slice(0, at) + named + text.slice(at + tag.length);
    const id = firstId + index;
    added.push(
      `<layer id="${id}" name="${output}/result" type="Result" version="opset1">` +
        `<input><port id="0" ${precision}/></input></layer>`,
    );
    edges.push(`<edge from-layer="${from}" from-port="${portId}" to-layer="${id}" to-port="0"/>`);
  });
  return text
    .replace('</layers>', () => `${added.join('')}</layers>`)
    .replace('</edges>', () => `${edges.join('')}</edges>`);
}
