// An interpreter with PyTorch, and the packages of one side beside it: both lines of transformers share one PyTorch.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);
/** Importing PyTorch takes seconds. */
const TIMEOUT_MS = 120_000;

/** What a Python program of the benchmark runs in. */
export interface PythonEnvironment {
  readonly python: string;
  /** A folder made by `pip install --target`, which comes before the interpreter's own packages. */
  readonly packages?: string;
}

/** Downloads nothing; caches of compiled code stay in the benchmark's folder. */
export function environmentOf({ packages }: PythonEnvironment): NodeJS.ProcessEnv {
  return { ...process.env, HF_HUB_OFFLINE: '1', ...(packages !== undefined && { PYTHONPATH: packages }) };
}

/** @returns why the modules cannot be imported, undefined when they can */
export async function whyNot(environment: PythonEnvironment, modules: readonly string[]): Promise<string | undefined> {
  try {
    await exec(environment.python, ['-c', `import ${modules.join(', ')}`], {
      env: environmentOf(environment),
      timeout: TIMEOUT_MS,
    });
    return undefined;
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).trim().split('\n');
    return `${modules.join(', ')} cannot be imported: ${lines.at(-1)}`;
  }
}
