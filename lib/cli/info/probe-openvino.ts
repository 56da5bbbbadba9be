// Whether OpenVINO is found and loads, in a process of its own: a damaged native library ends the process that loads
// it.
import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { isRecord } from '../../core/is-record';
import { parseJSON } from '../../core/read-json';
import { searchRuntimes, type FoundRuntime } from '../../openvino/find-runtime';

export interface DeviceInfo {
  readonly device: string;
  readonly name?: string;
  /** What the device computes in unless it is told otherwise. */
  readonly precision?: string;
  readonly capabilities?: string;
}

export interface OpenVINOProbe {
  readonly version?: string;
  readonly runtime?: string;
  readonly devices: readonly DeviceInfo[];
  /** Every runtime that is present, the preferred one first. */
  readonly found: readonly FoundRuntime[];
  /** Places without one. */
  readonly tried: readonly string[];
  /** Why none loads. */
  readonly problem?: string;
}

/** Loading takes a tenth of a second, on a busy machine and with a driver that looks for devices, seconds. */
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 1 << 20;

export async function probeOpenVINO(signal?: AbortSignal): Promise<OpenVINOProbe> {
  const tried: string[] = [];
  let found: FoundRuntime[] = [];
  try {
    found = [...searchRuntimes(tried)];
  } catch (error) {
    tried.push(error instanceof Error ? error.message : String(error));
  }
  const { output, problem } = await runProbe(signal);
  const answer = parseProbe(output);
  return answer
    ? { ...answer, found, tried }
    : { devices: [], found, tried, problem: problem ?? 'The process that loads it ended without an answer.' };
}

function runProbe(signal: AbortSignal | undefined): Promise<{ output: string; problem?: string }> {
  const script = path.join(__dirname, `openvino-probe${path.extname(__filename)}`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      windowsHide: true,
      ...(signal && { signal }),
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      if (output.length < MAX_OUTPUT_BYTES) output += String(chunk);
    });
    child.on('error', (error) => resolve({ output, problem: error.message }));
    child.on('close', (code, killed) =>
      resolve({
        output,
        ...(code !== 0 && {
          problem:
            `Loading it ended its process with ${killed ?? `exit status ${code}`}: a native library is ` +
            `damaged, or made for another machine.`,
        }),
      }),
    );
  });
}

type Answer = Pick<OpenVINOProbe, 'version' | 'runtime' | 'devices' | 'problem'>;

function parseProbe(output: string): Answer | undefined {
  let json: unknown;
  try {
    // Plugins may print before it.
    json = parseJSON(output.slice(output.lastIndexOf('\n', output.length - 2) + 1), 'the answer');
  } catch {
    return undefined;
  }
  if (!isRecord(json)) return undefined;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const devices = (Array.isArray(json.devices) ? json.devices : []).filter(isRecord).map((device) => ({
    device: String(device.device),
    name: text(device.name),
    precision: text(device.precision),
    capabilities: text(device.capabilities),
  }));
  return { version: text(json.version), runtime: text(json.runtime), problem: text(json.problem), devices };
}
