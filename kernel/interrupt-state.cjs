// What the main thread and the control channel's thread tell each other about interrupts, in memory that both see:
// which cell runs, and which one is to end. An interrupt belongs to the cell that was there when it was sent, however
// late it is heard: the times at which both were sent decide.

/**
 * The running cell's number or 0, when it was sent, whether its own code runs; the cell that the last interrupt was
 * for, when its SIGINT went out; how many interrupts the main thread has heard.
 */
const SLOTS = ['CELL', 'SENT', 'OWN_CODE', 'TARGET', 'SIGNALLED', 'HEARD'];
const MICROSECONDS = 1000;
/** A message that is older was written by another clock than ours: it counts from when it came in. */
const MAX_UNDERWAY_MS = 5000;
/** So late may our own SIGINT come on a busy machine. */
const MAX_SIGNAL_MS = 10_000;

class InterruptState {
  #slots;

  constructor(buffer = new SharedArrayBuffer(SLOTS.length * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#slots = new BigInt64Array(buffer);
  }

  #get(name) {
    return Number(Atomics.load(this.#slots, SLOTS.indexOf(name)));
  }

  #set(name, value) {
    Atomics.store(this.#slots, SLOTS.indexOf(name), BigInt(value));
  }

  begin(cell, sent) {
    this.#set('SENT', sent);
    this.#set('CELL', cell);
  }

  end() {
    this.#set('OWN_CODE', 0);
    this.#set('CELL', 0);
  }

  ownCodeStarts() {
    this.#set('OWN_CODE', 1);
  }

  get runsOwnCode() {
    return this.#get('OWN_CODE') === 1;
  }

  /** The running cell's number, if an interrupt of this time is meant for it; 0 otherwise. */
  cellMeantBy(sent) {
    const cell = this.#get('CELL');
    return sent >= this.#get('SENT') && this.#get('CELL') === cell ? cell : 0; // another may have begun meanwhile
  }

  get isBusy() {
    return this.#get('CELL') !== 0;
  }

  aimAt(cell) {
    this.#set('TARGET', cell);
  }

  /** Whether the running cell is to end. */
  get isAimed() {
    const cell = this.#get('CELL');
    return cell !== 0 && this.#get('TARGET') === cell;
  }

  signalIsSent() {
    this.#set('SIGNALLED', Date.now());
  }

  /** Whether a SIGINT that comes now may be our own, which the cell's programs got. */
  get isSignalOwn() {
    return Date.now() - this.#get('SIGNALLED') < MAX_SIGNAL_MS;
  }

  hear() {
    Atomics.add(this.#slots, SLOTS.indexOf('HEARD'), 1n);
  }

  get heard() {
    return this.#get('HEARD');
  }
}

/** Now, in microseconds since 1970; times in messages are as fine. */
function now() {
  return (Date.now() + 1) * MICROSECONDS; // a message of this millisecond is older
}

/** When a message was sent, by its header; for one that just came in. */
function sentAt({ date }) {
  const received = now();
  const [, fraction = ''] = /\.\d{3}(\d{1,3})/.exec(String(date)) ?? [];
  const dated = Date.parse(String(date)) * MICROSECONDS + Number(fraction.padEnd(3, '0'));
  const isPlausible = dated <= received && received - dated <= MAX_UNDERWAY_MS * MICROSECONDS;
  return isPlausible ? dated : received;
}

module.exports = { InterruptState, now, sentAt };
