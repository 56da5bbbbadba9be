// A strict JSON scanner over bytes, for JSON that must be read exactly as serde_json, the parser of safetensors'
// reference, reads it. Nothing is built that is not asked for, so text of 90 MB costs its own bytes; depth is bounded.
//
// What JSON.parse decides otherwise: half of a surrogate pair in a string is an error here, as is a number beyond a
// double's range and nesting beyond a limit; every key comes, also one that comes again.
import { quote } from './quote';

/** Lists and objects within each other, less one: serde_json's limit. */
const MAX_DEPTH = 127;
/** Values above it are doubles in serde_json. */
const MAX_U64 = 2n ** 64n - 1n;
const MAX_U64_DIGITS = 20;
const MAX_SAFE_DIGITS = 15;
const MAX_I32 = 2 ** 31 - 1;
const MAX_POWER_OF_TEN = 308;
const SHOWN_BYTES = 24;

export class JSONSyntaxError extends Error {
  override name = 'JSONSyntaxError';
}

export type JSONKind = 'object' | 'list' | 'string' | 'number' | 'true' | 'false' | 'null';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_U = 0x75;
const SPACE = 0x20;
/** What may follow a backslash, with the character that it stands for. */
const ESCAPES: ReadonlyMap<number, string> = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([code, text]) => [code.charCodeAt(0), text],
  ),
);
const WORDS = [
  ['true', Buffer.from('true')],
  ['false', Buffer.from('false')],
  ['null', Buffer.from('null')],
] as const;

/** Reads one value after the other from UTF-8 (the caller has checked that it is that). */
export class JSONScanner {
  #at = 0;
  #depth = 0;
  /** Bytes of the string that is being read. */
  #written = 0;

  constructor(readonly bytes: Buffer) {}

  /** What comes next; @throws {JSONSyntaxError} when that is no value */
  peek(): JSONKind {
    this.#skipSpace();
    const byte = this.bytes[this.#at];
    if (byte === OPENING_BRACE) return 'object';
    if (byte === OPENING_BRACKET) return 'list';
    if (byte === QUOTE) return 'string';
    if (byte === MINUS || isDigit(byte)) return 'number';
    for (const [word, text] of WORDS)
      if (text.equals(this.bytes.subarray(this.#at, this.#at + text.length))) return word;
    return this.#fail('expected a value');
  }

  /** Calls `member` with each key, in order; it must read the value. */
  object(member: (key: string) => void): void {
    this.#open(OPENING_BRACE, 'an object');
    if (!this.#next(CLOSING_BRACE))
      do {
        this.#skipSpace();
        const key = this.string();
        if (!this.#next(COLON)) this.#fail('expected ":"');
        member(key);
      } while (this.#continues(CLOSING_BRACE));
    this.#depth--;
  }

  /** Calls `item` with each index; it must read the value. */
  list(item: (index: number) => void): void {
    this.#open(OPENING_BRACKET, 'a list');
    let index = 0;
    if (!this.#next(CLOSING_BRACKET))
      do item(index++);
      while (this.#continues(CLOSING_BRACKET));
    this.#depth--;
  }

  string(): string {
    const start = this.#at;
    const escapes = this.#scanString(undefined);
    if (!escapes) return this.bytes.toString('utf8', start + 1, this.#at - 1);
    const text = Buffer.allocUnsafe(this.#at - start); // what an escape stands for is never longer than the escape
    this.#at = start;
    this.#scanString(text);
    return text.toString('utf8', 0, this.#written);
  }

  /** Reads `null`, `true` or `false`. */
  word(): void {
    this.#at += this.peek() === 'false' ? 5 : 4;
  }

  /** @returns a whole number from 0 to 2^64-1 without fraction or exponent, a bigint from 10^15 on; else undefined */
  number(): number | bigint | undefined {
    const start = this.#at;
    const negative = this.bytes[this.#at] === MINUS;
    if (negative) this.#at++;
    const first = this.#at;
    const whole = this.#digits();
    if (whole > 1 && this.bytes[first] === ZERO) this.#fail('a number begins with 0');
    if (this.bytes[this.#at] === POINT) {
      this.#at++;
      this.#digits();
    }
    const digitsEnd = this.#at;
    const marked = (this.bytes[this.#at] | SPACE) === 0x65; // e or E
    let exponent = 0;
    if (marked) {
      const sign = this.bytes[++this.#at];
      if (sign === MINUS || sign === PLUS) this.#at++;
      const from = this.#at;
      this.#digits();
      exponent = this.#exponent(from, sign === MINUS);
    }
    if (digitsEnd === first + whole && !marked && whole <= MAX_U64_DIGITS) {
      if (negative) return undefined;
      const text = this.bytes.toString('latin1', first, digitsEnd);
      if (whole <= MAX_SAFE_DIGITS) return Number(text);
      const value = BigInt(text);
      return value <= MAX_U64 ? value : undefined;
    }
    if (!this.#isFinite(first, digitsEnd, whole, exponent)) {
      this.#at = start;
      this.#fail('a number is out of range');
    }
    return undefined;
  }

  /** Reads whatever comes, with all checks, and keeps nothing. */
  skip(): void {
    const kind = this.peek();
    if (kind === 'object') {
      this.#open(OPENING_BRACE, 'an object');
      if (!this.#next(CLOSING_BRACE))
        do {
          this.#skipSpace();
          this.#scanString(undefined);
          if (!this.#next(COLON)) this.#fail('expected ":"');
          this.skip();
        } while (this.#continues(CLOSING_BRACE));
      this.#depth--;
    } else if (kind === 'list') this.list(() => this.skip());
    else if (kind === 'string') this.#scanString(undefined);
    else if (kind === 'number') this.number();
    else this.word();
  }

  /** Nothing but white space may follow. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.bytes.length) this.#fail('expected nothing more');
  }

  #open(byte: number, what: string): void {
    if (!this.#next(byte)) this.#fail(`expected ${what}`);
    if (++this.#depth > MAX_DEPTH) this.#fail(`lists and objects nest deeper than ${MAX_DEPTH} levels`);
  }

  /** Whether a comma follows rather than the end. */
  #continues(closing: number): boolean {
    if (this.#next(closing)) return false;
    return this.#next(COMMA) || this.#fail(`expected "," or "${String.fromCharCode(closing)}"`);
  }

  #next(byte: number): boolean {
    this.#skipSpace();
    if (this.bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.bytes[this.#at];
      if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }

  /** @param target where the text goes; undefined when only checks are wanted. @returns whether it has escapes */
  #scanString(target: Buffer | undefined): boolean {
    if (this.bytes[this.#at] !== QUOTE) this.#fail('expected a string');
    this.#at++;
    this.#written = 0;
    let escapes = false;
    for (;;) {
      const byte = this.bytes[this.#at];
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        escapes = true;
        const text = this.#escape();
        if (target) this.#written += target.write(text, this.#written);
      } else if (byte === undefined) this.#fail('a string does not end');
      else if (byte < SPACE) this.#fail('a string has a control character');
      else {
        if (target) target[this.#written++] = byte;
        this.#at++;
      }
    }
    this.#at++;
    return escapes;
  }

  #escape(): string {
    const byte = this.bytes[this.#at + 1];
    const text = ESCAPES.get(byte);
    if (text !== undefined) {
      this.#at += 2;
      return text;
    }
    if (byte !== LOWER_U) this.#fail('a string has an unknown escape');
    const unit = this.#codeUnit();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    if (unit < 0xdc00 && this.bytes[this.#at] === BACKSLASH && this.bytes[this.#at + 1] === LOWER_U) {
      const second = this.#codeUnit();
      if (second >= 0xdc00 && second <= 0xdfff) return String.fromCharCode(unit, second);
    }
    return this.#fail('a string has half of a surrogate pair');
  }

  /** Reads `\uXXXX`. */
  #codeUnit(): number {
    const digits = this.bytes.toString('latin1', this.#at + 2, this.#at + 6);
    if (!/^[\da-fA-F]{4}$/.test(digits)) this.#fail('a string has an unknown escape');
    this.#at += 6;
    return Number.parseInt(digits, 16);
  }

  /** @returns how many there are, 1 at least */
  #digits(): number {
    const start = this.#at;
    while (isDigit(this.bytes[this.#at])) this.#at++;
    return this.#at - start || this.#fail('a number lacks digits');
  }

  /** The exponent's value, or infinity where 32 bits do not hold it. */
  #exponent(from: number, negative: boolean): number {
    let value = 0;
    for (let at = from; at < this.#at && value <= MAX_I32; at++) value = value * 10 + this.bytes[at] - ZERO;
    if (value > MAX_I32) value = Number.POSITIVE_INFINITY;
    return negative ? -value : value;
  }

  /** As serde_json computes a double: from as many digits as 64 bits hold, and a power of ten. */
  #isFinite(first: number, end: number, whole: number, exponent: number): boolean {
    let significand = 0n;
    let kept = 0; // digits of it, with leading zeros
    for (let at = first; at < end; at++) {
      const digit = this.bytes[at] - ZERO;
      if (this.bytes[at] === POINT) continue;
      if (significand !== 0n || digit !== 0) {
        const next = significand * 10n + BigInt(digit);
        if (next > MAX_U64) {
          if (at >= first + whole) break;
          at = first + whole; // further digits before the point are dropped; of those behind it, one may still fit
          continue;
        }
        significand = next;
      }
      kept++;
    }
    if (significand === 0n) return true;
    if (exponent === Number.POSITIVE_INFINITY) return false;
    const power = exponent + whole - kept;
    if (power <= 0) return true;
    return power <= MAX_POWER_OF_TEN && Number.isFinite(Number(significand) * Number(`1e${power}`));
  }

  #fail(problem: string): never {
    const shown = quote(this.bytes.toString('utf8', this.#at, this.#at + SHOWN_BYTES));
    const found = this.#at < this.bytes.length ? `found ${shown}` : 'it ends there';
    throw new JSONSyntaxError(`${problem} at byte ${this.#at} (${found})`);
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
