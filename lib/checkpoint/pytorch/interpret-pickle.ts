// Interprets a pickle: a program for a small stack machine, of which Python's pickle executes whatever it names. Here
// the instructions are a closed list, so is what they may name (pickle-globals.ts), and the result is plain values.
// Sources: Python's pickletools, torch/_weights_only_unpickler.py. Work and memory are bounded, whatever the file says.
import type { ByteCursor } from './byte-cursor';
import { findGlobal, refuseGlobal } from './pickle-globals';
import { PickleStack } from './pickle-stack';
import {
  describeValue,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleOpaque,
  PickleTuple,
  type CallContext,
  type PickleValue,
} from './pickle-values';

/** What torch writes (protocol 2, others by option). Protocols 0 and 1 are text and of another time. */
const PROTOCOLS = [2, 3, 4, 5];
/**
 * BLIP's largest training checkpoint (a thousand tensors with their momentum and optimizer) takes about 250,000
 * operations.
 */
const MAX_OPERATIONS = 1 << 21;
/** The longest name of a module or a class that is read. */
const MAX_NAME_BYTES = 512;
/** What holds more than numbers of 64 bits. torch's magic number takes 10 bytes. */
const MAX_INTEGER_BYTES = 32;

/** Makes the value that an id stands for: the pickle of a torch file refers to its storages in this way. */
export type PersistentLoad = (id: PickleValue, context: CallContext) => PickleValue;

/**
 * Reads one pickle; the cursor then stands behind it.
 *
 * @throws {PyTorchFileError} that says where, for anything that is not on the lists, and when the pickle is damaged
 */
export function interpretPickle(cursor: ByteCursor, persistentLoad: PersistentLoad): PickleValue {
  let begin = cursor.position;
  let operations = 0;
  const fail = (problem: string): never => cursor.fail(problem, begin);
  const spend = (count: number): void => {
    operations += count;
    if (operations > MAX_OPERATIONS)
      fail(
        `more than ${MAX_OPERATIONS} operations, which no checkpoint of weights needs. Save the weights alone: ` +
          'torch.save(model.state_dict(), file).',
      );
  };
  const stack = new PickleStack(fail);
  const machine: Machine = { cursor, stack, persistentLoad, fail, spend };
  for (;;) {
    begin = cursor.position;
    spend(1);
    const opcode = cursor.u8();
    const make = MAKE.get(opcode);
    if (make) stack.push(make(machine));
    else if (opcode === STOP) break;
    else (CHANGE.get(opcode) ?? refuseInstruction(opcode))(machine);
  }
  const result = stack.pop();
  stack.checkEmpty();
  return result;
}

interface Machine extends CallContext {
  readonly cursor: ByteCursor;
  readonly stack: PickleStack;
  readonly persistentLoad: PersistentLoad;
}

const STOP = 0x2e;

/** Instructions that put a value on the stack; named as in pickletools. */
const MAKE = byOpcode<PickleValue>({
  NONE: [0x4e, () => null],
  NEWTRUE: [0x88, () => true],
  NEWFALSE: [0x89, () => false],
  BININT: [0x4a, ({ cursor }) => cursor.i32()],
  BININT1: [0x4b, ({ cursor }) => cursor.u8()],
  BININT2: [0x4d, ({ cursor }) => cursor.u16()],
  LONG1: [0x8a, (machine) => integer(machine, machine.cursor.u8())],
  BINFLOAT: [0x47, ({ cursor }) => cursor.f64()],
  SHORT_BINUNICODE: [0x8c, ({ cursor }) => cursor.text(cursor.u8())],
  BINUNICODE: [0x58, ({ cursor }) => cursor.text(cursor.u32())],
  BINUNICODE8: [0x8d, ({ cursor }) => cursor.text(cursor.u64())],
  SHORT_BINSTRING: [0x55, ({ cursor }) => cursor.text(cursor.u8())], // Python 2's
  BINSTRING: [0x54, ({ cursor }) => cursor.text(cursor.u32())], // Python 2's
  SHORT_BINBYTES: [0x43, ({ cursor }) => bytes(cursor, cursor.u8())],
  BINBYTES: [0x42, ({ cursor }) => bytes(cursor, cursor.u32())],
  BINBYTES8: [0x8e, ({ cursor }) => bytes(cursor, cursor.u64())],
  BYTEARRAY8: [0x96, ({ cursor }) => bytes(cursor, cursor.u64())],
  DUP: [0x32, ({ stack }) => stack.top()],
  EMPTY_TUPLE: [0x29, () => new PickleTuple([])],
  TUPLE1: [0x85, ({ stack }) => new PickleTuple(stack.popMany(1))],
  TUPLE2: [0x86, ({ stack }) => new PickleTuple(stack.popMany(2))],
  TUPLE3: [0x87, ({ stack }) => new PickleTuple(stack.popMany(3))],
  TUPLE: [0x74, ({ stack }) => new PickleTuple(stack.popMark())],
  EMPTY_LIST: [0x5d, () => new PickleList()],
  EMPTY_DICT: [0x7d, () => new PickleDict()],
  EMPTY_SET: [0x8f, () => new PickleOpaque('a set')],
  FROZENSET: [0x91, frozenSet],
  BINGET: [0x68, ({ cursor, stack }) => stack.recall(cursor.u8())],
  LONG_BINGET: [0x6a, ({ cursor, stack }) => stack.recall(cursor.u32())],
  GLOBAL: [
    0x63,
    (machine) => globalOf(machine, [machine.cursor.line(MAX_NAME_BYTES), machine.cursor.line(MAX_NAME_BYTES)]),
  ],
  STACK_GLOBAL: [0x93, (machine) => globalOf(machine, machine.stack.popMany(2))],
  REDUCE: [0x52, call], // call a function
  NEWOBJ: [0x81, call], // make an object of a class
  BINPERSID: [0x51, (machine) => machine.persistentLoad(machine.stack.pop(), machine)],
});

/** Instructions that change what is there. */
const CHANGE = byOpcode<void>({
  PROTO: [0x80, ({ cursor, fail }) => checkProtocol(cursor.u8(), fail)],
  FRAME: [0x95, ({ cursor }) => cursor.skip(8)], // its length only helps to read ahead
  MARK: [0x28, ({ stack }) => stack.mark()],
  POP: [0x30, ({ stack }) => stack.discard()],
  POP_MARK: [0x31, ({ stack }) => void stack.popMark()],
  BINPUT: [0x71, ({ cursor, stack }) => stack.memoize(cursor.u8())],
  LONG_BINPUT: [0x72, ({ cursor, stack }) => stack.memoize(cursor.u32())],
  MEMOIZE: [0x94, ({ stack }) => stack.memoizeNext()],
  APPEND: [0x61, (machine) => append(machine, machine.stack.popMany(1))],
  APPENDS: [0x65, (machine) => append(machine, machine.stack.popMark())],
  SETITEM: [0x73, (machine) => setItems(machine, machine.stack.popMany(2))],
  SETITEMS: [0x75, (machine) => setItems(machine, machine.stack.popMark())],
  ADDITEMS: [0x90, addItems],
  BUILD: [0x62, build], // set an object's attributes
});

type Instruction<T> = (machine: Machine) => T;

function byOpcode<T>(
  instructions: Readonly<Record<string, readonly [number, Instruction<T>]>>,
): ReadonlyMap<number, Instruction<T>> {
  return new Map(Object.values(instructions));
}

function refuseInstruction(opcode: number): Instruction<never> {
  return ({ fail }) =>
    fail(
      `has the instruction 0x${opcode.toString(16).padStart(2, '0')}, which torch does not use for weights. Is ` +
        `this a checkpoint of PyTorch's? If so, the file is damaged; download it again.`,
    );
}

function checkProtocol(protocol: number, fail: (problem: string) => never): void {
  if (!PROTOCOLS.includes(protocol))
    fail(`is of pickle protocol ${protocol}, expected one of ${PROTOCOLS.join(', ')}.`);
}

/** Little-endian, two's complement. */
function integer({ cursor, fail }: Machine, bytes: number): number | bigint {
  if (bytes > MAX_INTEGER_BYTES)
    return fail(`has an integer of ${bytes} bytes, expected at most ${MAX_INTEGER_BYTES}.`);
  if (bytes === 0) return 0;
  const hex = Buffer.from(cursor.take(bytes)).reverse().toString('hex');
  const value = BigInt.asIntN(8 * bytes, BigInt(`0x${hex}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function bytes(cursor: ByteCursor, count: number): PickleValue {
  cursor.skip(count);
  return new PickleOpaque('bytes');
}

function frozenSet({ stack }: Machine): PickleValue {
  stack.popMark();
  return new PickleOpaque('a set');
}

function globalOf({ fail }: Machine, [module, name]: readonly PickleValue[]): PickleGlobal {
  if (typeof module !== 'string' || typeof name !== 'string')
    return fail(`names ${describeValue(module)} and ${describeValue(name)}. The file is damaged.`);
  return findGlobal(`${module}.${name}`) ?? fail(refuseGlobal(`${module}.${name}`));
}

function call(machine: Machine): PickleValue {
  const [callee, args] = machine.stack.popMany(2);
  if (!(callee instanceof PickleGlobal) || !callee.call || !(args instanceof PickleTuple))
    return machine.fail(`calls ${describeValue(callee)} with ${describeValue(args)}. The file is damaged.`);
  return callee.call(args.items, machine);
}

function append({ stack, fail }: Machine, items: readonly PickleValue[]): void {
  const list = stack.top();
  if (!(list instanceof PickleList)) fail(`appends to ${describeValue(list)}. The file is damaged.`);
  else for (const item of items) list.items.push(item);
}

function setItems({ stack, fail }: Machine, items: readonly PickleValue[]): void {
  const target = stack.top();
  const dict =
    target instanceof PickleDict ? target : fail(`sets items of ${describeValue(target)}. The file is damaged.`);
  if (items.length % 2 !== 0) fail(`sets items from ${items.length} values. The file is damaged.`);
  for (let i = 0; i < items.length; i += 2) {
    if (dict.entries.has(items[i])) fail(`has the key ${describeValue(items[i])} twice.`);
    dict.entries.set(items[i], items[i + 1]);
  }
}

function addItems({ stack, fail }: Machine): void {
  stack.popMark();
  if (!(stack.top() instanceof PickleOpaque)) fail('adds to something else than a set. The file is damaged.');
}

/** Attributes carry no weights: torch keeps a version number in those of a state dict. */
function build({ stack, fail }: Machine): void {
  stack.pop();
  const target = stack.top();
  if (!(target instanceof PickleDict || target instanceof PickleOpaque))
    fail(`sets the state of ${describeValue(target)}. The file is damaged.`);
}
