// An interpreter with PyTorch, and the packages of one side beside it: both lines of transformers share one PyTorch.

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
