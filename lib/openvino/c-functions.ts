// The loaded C library: calls check their arguments and their status, and failures have OpenVINO's own message.
import koffi, { type TypeObject } from 'koffi';
import { STATUS_FUNCTIONS, VOID_FUNCTIONS, type FreeName, type StatusName } from './c-signatures';
import { checkArguments } from './check-arguments';
import { ELEMENTS } from './element-types';
import { OpenVINOError } from './errors';
import { withMemoryAdvice } from './memory-advice';
import { typedArrayBytes, typedArrayKind } from './typed-array';

/** A native pointer as koffi hands it over. */
export type Pointer = bigint;
/** A struct that a call filled in: its fields are parsed where they are read. */
export type Out = Record<string, unknown>;

interface NativeFunction {
  (...values: unknown[]): unknown;
  async(...values: unknown[]): void;
}
/** A function of the library. Both ways to call it check the arguments first. */
interface CheckedFunction {
  call(values: readonly unknown[]): unknown;
  /** On a thread of libuv's pool; `done` gets koffi's error or the result. */
  start(values: readonly unknown[], done: (error: unknown, result: unknown) => void): void;
}

/** Names of the status codes (ov_status_e), for failures that leave no message. */
const STATUS_NAMES: Readonly<Record<string, string>> = {
  '-1': 'general error',
  '-2': 'not implemented',
  '-3': 'network not loaded',
  '-4': 'parameter mismatch',
  '-5': 'not found',
  '-6': 'out of bounds',
  '-7': 'unexpected',
  '-8': 'request busy',
  '-9': 'result not ready',
  '-10': 'not allocated',
  '-11': 'inference not started',
  '-12': 'network not read',
  '-13': 'inference cancelled',
  '-14': 'a bad argument',
  '-15': 'unknown error',
  '-16': 'not implemented',
  '-17': 'unknown exception',
};

/** OpenVINO repeats what it was given in its message. */
const MAX_MESSAGE_CHARACTERS = 10_000;

/** The loaded library: calls check their status and turn failures into errors with OpenVINO's own message. */
export class CFunctions {
  readonly #functions = new Map<StatusName | FreeName, CheckedFunction>();
  readonly #lastMessage: () => unknown;
  readonly #isDynamic: (model: Pointer) => unknown;
  readonly #memcpy: (target: unknown, source: unknown, bytes: number) => unknown;
  /** The message while no failure has left another one. */
  #noMessage = '';
  /** The error message is one per process: calls that may fail on another thread run one at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(library: string) {
    const lib = koffi.load(library);
    for (const [name, parameters] of Object.entries(STATUS_FUNCTIONS))
      this.#functions.set(name as StatusName, checked(name, parameters, lib.func(`int ${name}(${parameters})`)));
    for (const [name, parameters] of Object.entries(VOID_FUNCTIONS))
      this.#functions.set(name as FreeName, checked(name, parameters, lib.func(`void ${name}(${parameters})`)));
    this.#lastMessage = lib.func('void *ov_get_last_err_msg()');
    this.#isDynamic = lib.func('bool ov_model_is_dynamic(void *model)');
    const libc = koffi.load(process.platform === 'win32' ? 'msvcrt.dll' : null);
    this.#memcpy = libc.func('void *memcpy(_Out_ void *target, const void *source, size_t bytes)');
    this.#noMessage = this.#overwriteMessage();
    this.#checkElementTypes(library);
  }

  /** Calls and throws {@link OpenVINOError} on a bad status. */
  call(name: StatusName, ...values: unknown[]): void {
    this.#check(name, this.#function(name).call(values));
  }

  #function(name: StatusName | FreeName): CheckedFunction {
    const fn = this.#functions.get(name);
    if (!fn) throw new OpenVINOError(`${name} is not declared`, name);
    return fn;
  }

  /** Calls with an out pointer as the last parameter, and returns its value. */
  out(name: StatusName, ...values: unknown[]): Pointer {
    const slot: unknown[] = [null];
    this.call(name, ...values, slot);
    return pointer(slot[0], name);
  }

  outNumber(name: StatusName, ...values: unknown[]): number {
    const slot: unknown[] = [0];
    this.call(name, ...values, slot);
    return Number(slot[0]);
  }

  outString(name: StatusName, ...values: unknown[]): string {
    return this.takeString(this.out(name, ...values));
  }

  /**
   * As `out`, on a thread of libuv's pool, one call at a time. The caller keeps the arguments alive: see {@link
   * Handle.during}.
   */
  outAsync(name: StatusName, values: readonly unknown[]): Promise<Pointer> {
    const slot: unknown[] = [null];
    const turn = (): Promise<Pointer> =>
      this.callAsync(name, [...values, slot], values).then(() => pointer(slot[0], name));
    const result = this.#queue.then(turn, turn);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** As `call`, on a thread of libuv's pool. `keep` must stay alive while the call runs. */
  callAsync(name: StatusName, values: readonly unknown[], keep: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#function(name).start(values, (error, status) => {
        void keep;
        if (error) {
          reject(error);
          return;
        }
        try {
          this.#check(name, status);
          resolve();
        } catch (problem) {
          reject(problem);
        }
      });
    });
  }

  /** Whether a model has dynamic shapes. */
  isDynamic(model: Pointer): boolean {
    checkHandle('ov_model_is_dynamic', model);
    return this.#isDynamic(model) === true;
  }

  free(name: FreeName, value: unknown): void {
    this.#function(name).call([value]);
  }

  /**
   * The items of a list that a call filled in: structs or strings. One by one, because koffi never frees a type, and an
   * array of each length is one.
   */
  list(items: unknown, type: string | TypeObject, size: unknown): Out[] {
    const bytes = koffi.sizeof(type);
    return Array.from({ length: Number(size) }, (_, index) => koffi.decode(items, index * bytes, type));
  }

  /** The sizes of a shape, `int64_t[rank]`. */
  sizes(dims: unknown, rank: unknown): number[] {
    const values = new BigInt64Array(Number(rank));
    if (values.length > 0) this.copy(values, pointer(dims, 'ov_tensor_get_shape'), values.byteLength);
    return Array.from(values, Number);
  }

  /** Copies native memory into a typed array, which has to have that many bytes. */
  copy(target: unknown, source: Pointer, bytes: number): void {
    if (typedArrayKind(target) === undefined || typedArrayBytes(target) !== bytes)
      throw new OpenVINOError(`memcpy: expected a typed array of ${bytes} bytes.`, 'memcpy');
    checkHandle('memcpy', source);
    this.#memcpy(target, source, bytes);
  }

  /** Reads and frees a string that OpenVINO allocated. */
  takeString(value: Pointer): string {
    checkHandle('ov_free', value);
    const text: unknown = koffi.decode(value, 'char', -1);
    this.free('ov_free', value);
    return String(text);
  }

  #check(name: StatusName, status: unknown): void {
    if (status === 0) return;
    const code = Number(status);
    throw new OpenVINOError(`${name} failed: ${withMemoryAdvice(this.#message(code))}`, name, code);
  }

  /**
   * OpenVINO never clears its last message, and some failures leave none: after each, a known message replaces it, to
   * tell the two apart.
   */
  #message(status: number): string {
    const text = this.#takeMessage().slice(0, MAX_MESSAGE_CHARACTERS);
    this.#overwriteMessage();
    return text !== '' && text !== this.#noMessage
      ? text
      : `${STATUS_NAMES[status] ?? 'no reason given'} (status ${status})`;
  }

  /** Fails on purpose, with a message that no other failure has: no process has memory for 2^63 bytes. */
  #overwriteMessage(): string {
    this.#function('ov_tensor_create').call([ELEMENTS.u8.id, { rank: 2, dims: [2 ** 31, 2 ** 32] }, [null]]);
    return this.#takeMessage();
  }

  #takeMessage(): string {
    const text = this.#lastMessage();
    return typeof text === 'bigint' ? this.takeString(text).trim() : '';
  }

  #checkElementTypes(library: string): void {
    for (const [type, { id, bytes }] of Object.entries(ELEMENTS)) {
      const tensor = this.out('ov_tensor_create', id, { rank: 1, dims: [3] });
      const got = this.outNumber('ov_tensor_get_byte_size', tensor);
      this.free('ov_tensor_free', tensor);
      if (got !== 3 * bytes)
        throw new OpenVINOError(
          `${library}: three ${type} values (element type number ${id}) take ${got} bytes, expected ` +
            `${3 * bytes}: this release numbers its types differently. Install another one of the Python package ` +
            'openvino, such as 2026.4.1.',
          'ov_tensor_create',
        );
    }
  }
}

/** A native function behind its check: there is no other way to it. What koffi itself refuses becomes our error. */
function checked(name: string, parameters: string, native: NativeFunction): CheckedFunction {
  const check = checkArguments(name, parameters);
  const attempt = (fn: () => unknown): unknown => {
    try {
      return fn();
    } catch (error) {
      throw new OpenVINOError(`${name}: ${error instanceof Error ? error.message : String(error)}`, name);
    }
  };
  return {
    call: (values) => {
      check(values);
      return attempt(() => native(...values));
    },
    start: (values, done) => {
      check(values);
      attempt(() => native.async(...values, done));
    },
  };
}

function checkHandle(call: string, value: unknown): void {
  if (typeof value !== 'bigint' || value <= 0n) throw new OpenVINOError(`${call}: expected a handle.`, call);
}

function pointer(value: unknown, call: string): Pointer {
  if (typeof value === 'bigint') return value;
  throw new OpenVINOError(`${call} returned ${String(value)}, expected a pointer`, call);
}
