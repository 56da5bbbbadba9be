// The memory of the machine that interprets pickles: a stack with marks, and a memo of values to come back to.
import type { PickleValue } from './pickle-values';

export class PickleStack {
  #values: PickleValue[] = [];
  /** The values below each mark. */
  readonly #marked: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();

  /** @param fail throws an error that says where in the pickle */
  constructor(readonly fail: (problem: string) => never) {}

  mark(): void {
    this.#marked.push(this.#values);
    this.#values = [];
  }

  /** Drops a value, or a mark that nothing lies above. */
  discard(): void {
    if (this.#values.length > 0) this.pop();
    else this.popMark();
  }

  checkEmpty(): void {
    if (this.#values.length + this.#marked.length > 0) this.fail('ends with values left over. The file is damaged.');
  }

  memoizeNext(): void {
    this.memoize(this.#memo.size);
  }

  push(value: PickleValue): void {
    this.#values.push(value);
  }

  pop(): PickleValue {
    const value = this.top();
    this.#values.pop();
    return value;
  }

  top(): PickleValue {
    const value = this.#values.at(-1);
    return value === undefined ? this.fail('takes a value from an empty stack. The file is damaged.') : value;
  }

  popMany(count: number): PickleValue[] {
    if (this.#values.length < count)
      this.fail(`takes ${count} values from a stack of ${this.#values.length}. The file is damaged.`);
    return this.#values.splice(-count, count);
  }

  /** What lies above the last mark. */
  popMark(): PickleValue[] {
    const items = this.#values;
    const below = this.#marked.pop();
    if (!below) return this.fail('goes back to a mark that is not there. The file is damaged.');
    this.#values = below;
    return items;
  }

  memoize(index: number): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    return value === undefined ? this.fail(`refers to memo ${index}, which is not there. The file is damaged.`) : value;
  }
}
