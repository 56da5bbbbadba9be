// Runs a program whose last line is a JSON object, and takes the named numbers out of it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const MAX_OUTPUT_BYTES = 1 << 26;

/** @throws {TypeError} that names the program, when its last line is no object or lacks a number */
export async function runJSON<Name extends string>(
  program: string,
  args: readonly string[],
  { names, env = process.env }: { readonly names: readonly Name[]; readonly env?: NodeJS.ProcessEnv },
): Promise<Record<Name, number>> {
  const { stdout } = await exec(program, args, {
    env: { ...env, HF_HUB_OFFLINE: '1' },
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  const reply: unknown = JSON.parse(line);
  const values = new Map<string, unknown>(typeof reply === 'object' && reply !== null ? Object.entries(reply) : []);
  return Object.fromEntries(
    names.map((name) => {
      const value = values.get(name);
      if (typeof value !== 'number')
        throw new TypeError(
          `${args.find((arg) => /\.(py|ts)$/.test(arg))}: printed ${line}, expected an object with the number ` +
            `"${name}"`,
        );
      return [name, value];
    }),
  ) as Record<Name, number>;
}
