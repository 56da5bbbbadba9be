// Calls every export of one entry of the library with odd values in every position, in a process of its own. Writes a
// line of JSON for each call before it (so that a call that ends the process is known) and for each that ends otherwise
// than with a result or an error of the library.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipError } from '../../lib/core/errors';
import { ODD_VALUES, TrapError } from './odd-values';
import { goodArguments, instances } from './good-arguments';

/**
 * A call that waits for more than this waits for ever. Most take a millisecond; loading a model takes a second, and
 * many times as long on a busy machine.
 */
const CALL_MS = 60_000;
/** Past the last parameter that a function counts: those with a default value are not counted. */
const MORE_POSITIONS = 1;

const [entry = 'index', part = '0', parts = '1'] = process.argv.slice(2);
const ROOT = path.join(__dirname, '..', '..');

function report(line: Readonly<Record<string, unknown>>): void {
  let rest = Buffer.from(`${JSON.stringify(line)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      // A pipe that is full: the parent reads as soon as it can.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

let current = '';
process.on('unhandledRejection', (reason) =>
  report({ call: current, problem: `unhandled rejection: ${describe(reason)}` }),
);
process.on('uncaughtException', (error) =>
  report({ call: current, problem: `uncaught exception: ${describe(error)}` }),
);

async function probe(name: string, call: (values: readonly unknown[]) => unknown, count: number): Promise<void> {
  const good = goodArguments(name);
  const positions = Math.max(count + MORE_POSITIONS, good.length);
  for (let position = 0; position < positions; position++)
    for (const [what, make] of ODD_VALUES) {
      const values: unknown[] = Array.from({ length: position }, (_, index) => good[index] ?? 'x');
      values.push(make());
      current = `${name}: argument ${position + 1} is ${what}`;
      report({ call: current });
      const problem = await settle(() => call(values));
      if (problem !== undefined) report({ call: current, problem });
    }
}

/** What is wrong with how a call ended: undefined for a result, and for an error of the library. */
async function settle(call: () => unknown): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`still waits after ${CALL_MS} ms`), CALL_MS);
  });
  try {
    return await Promise.race([late, finish(call)]);
  } finally {
    clearTimeout(timer);
  }
}

async function finish(call: () => unknown): Promise<string | undefined> {
  try {
    const result = call();
    if (result instanceof Promise) await close(await result);
    else await close(result);
    return undefined;
  } catch (error) {
    return error instanceof BlipError || error instanceof TrapError ? undefined : describe(error);
  }
}

/** What a call opened, such as the demo's server. */
async function close(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && 'close' in result && typeof result.close === 'function')
    await result.close();
}

function describe(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message.slice(0, 200)} ${
        error.stack
          ?.split('\n')
          .find((line) => line.includes('/lib/'))
          ?.trim() ?? ''
      }`
    : `thrown: ${typeof error}`;
}

function methodsOf(value: object): string[] {
  return Object.getOwnPropertyNames(value).filter((name) => {
    const descriptor = Object.getOwnPropertyDescriptor(value, name);
    return typeof descriptor?.value === 'function' && name !== 'constructor' && name !== 'prototype';
  });
}

/** The work is divided among processes. */
let seen = 0;
function isMine(name: string): boolean {
  return name !== '' && seen++ % Number(parts) === Number(part);
}

async function probeMethod(name: string, instance: object, method: string): Promise<void> {
  if (method === 'dispose' || method === 'close') return;
  const fn: unknown = Reflect.get(instance, method);
  if (typeof fn !== 'function') return;
  await probe(`${name}.${method}`, (values) => exhaust(Reflect.apply(fn, instance, [...values])), fn.length);
}

/** Generators check their arguments at the first step of the loop. */
function exhaust(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result;
  return 'next' in result && typeof result.next === 'function' ? result.next() : result;
}

async function probeAll(): Promise<void> {
  const main: Readonly<Record<string, unknown>> = require(path.join(ROOT, 'lib', 'index'));
  const exported: Readonly<Record<string, unknown>> = entry === 'objects' ? {} : require(path.join(ROOT, 'lib', entry));
  for (const [name, value] of Object.entries(exported)) {
    if (typeof value !== 'function' || !isMine(name) || (entry !== 'index' && name in main)) continue;
    const isClass = /^class\b/.test(Function.prototype.toString.call(value));
    if (!isClass) {
      await probe(name, (values) => Reflect.apply(value, undefined, [...values]), value.length);
      continue;
    }
    if (value.prototype instanceof Error) continue;
    await probe(`new ${name}`, (values) => Reflect.construct(value, [...values]), value.length);
    for (const method of methodsOf(value)) {
      const fn: unknown = Reflect.get(value, method);
      if (typeof fn === 'function')
        await probe(`${name}.${method}`, (values) => Reflect.apply(fn, value, [...values]), fn.length);
    }
  }
  for (const { name, make, methods } of instances(entry)) {
    if (!isMine(name)) continue;
    const instance = await make();
    if (typeof instance === 'function') {
      await probe(name, (values) => Reflect.apply(instance, undefined, [...values]), instance.length);
      for (const method of methodsOf(instance)) await probeMethod(name, instance, method);
      continue;
    }
    for (const method of methods ?? methodsOf(Object.getPrototypeOf(instance)))
      await probeMethod(name, instance, method);
  }
  report({ done: true });
  process.exit(0);
}

void probeAll();
