// Tells whether openvino-node's binary in a folder works: ends with code 0, or says why not and ends with 3. Any other
// code tells nothing.
import { proveAddon } from '../lib/openvino/prove-addon';

const DOES_NOT_WORK = 3;

const { works, reason } = proveAddon(process.argv[2] ?? 'node_modules/openvino-node');
if (!works) console.log(reason);
process.exitCode = works ? 0 : DOES_NOT_WORK;
