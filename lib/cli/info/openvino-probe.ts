// A program: loads OpenVINO and prints what it says of itself and its devices, as one line of JSON.
import { loadOpenVINO } from '../../openvino';

function probe(): object {
  const openvino = loadOpenVINO();
  const core = new openvino.Core();
  const read = (device: string, name: string): string | undefined => {
    try {
      return core.getProperty(device, name);
    } catch {
      return undefined; // not every device has it
    }
  };
  const devices = core.getAvailableDevices().map((device) => ({
    device,
    name: read(device, 'FULL_DEVICE_NAME'),
    precision: read(device, 'INFERENCE_PRECISION_HINT'),
    capabilities: read(device, 'OPTIMIZATION_CAPABILITIES'),
  }));
  return { version: openvino.version, runtime: openvino.runtime, devices };
}

let answer: object;
try {
  answer = probe();
} catch (error) {
  answer = { devices: [], problem: error instanceof Error ? error.message : String(error) };
}
process.stdout.write(`${JSON.stringify(answer)}\n`);
