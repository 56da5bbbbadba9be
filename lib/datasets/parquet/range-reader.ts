// Reads a file in few requests: ranges that are announced together and are close together are fetched together.
import type { ByteSource } from '../../hub';

export interface Range {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** Ranges this close are one request: a round trip takes longer than these bytes. */
const MAX_GAP = 128 * 1024;

/** More is fetched in several requests, so that progress is seen on a slow line. */
const MAX_REQUEST_BYTES = 1 << 23;
/** Ranges read ahead that are kept: one for each column that is read at a time. */
const MAX_AHEAD = 8;

interface Held {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export class RangeReader {
  private held: Held[] = [];
  private ahead: Held[] = [];

  constructor(
    private readonly source: ByteSource,
    /** Told the bytes of each request, and waited for. */
    private readonly onBytes: (bytes: number) => void | Promise<void> = () => {},
  ) {}

  get byteLength(): number {
    return this.source.byteLength;
  }

  /** Fetches what is not held yet and keeps it until `release`. */
  async prefetch(ranges: readonly Range[]): Promise<void> {
    const missing = ranges
      .filter(({ start, end }) => end > start && !this.find(start, end))
      .sort((a, b) => a.start - b.start);
    const merged: { start: number; end: number }[] = [];
    for (const { start, end } of missing) {
      const last = merged.at(-1);
      if (last && start <= last.end + MAX_GAP) last.end = Math.max(last.end, end);
      else merged.push({ start, end });
    }
    for (const { start, end } of merged) this.held.push({ start, bytes: await this.fetch(start, end) });
  }

  /** @param ahead as many bytes behind the range come in the same request and are kept, up to `limit` */
  async read(start: number, end: number, ahead = 0, limit = this.byteLength): Promise<Uint8Array> {
    const known = this.find(start, end);
    if (known) return known;
    const bytes = await this.fetch(start, Math.max(end, Math.min(end + ahead, limit)));
    const size = end - start;
    if (bytes.length > size) this.keep(end, bytes.slice(size)); // a copy: the range itself may be large
    return bytes.subarray(0, size);
  }

  /** Reads and keeps; what follows is likely to be asked for next. */
  async peek(start: number, end: number): Promise<Uint8Array> {
    const known = this.find(start, end);
    if (known) return known;
    const bytes = await this.fetch(start, end);
    this.keep(start, bytes);
    return bytes;
  }

  release(): void {
    this.held = [];
    this.ahead = [];
  }

  private keep(start: number, bytes: Uint8Array): void {
    this.ahead = [...this.ahead.slice(1 - MAX_AHEAD), { start, bytes }];
  }

  private find(start: number, end: number): Uint8Array | undefined {
    const range = [...this.held, ...this.ahead].find(
      (one) => one.start <= start && end <= one.start + one.bytes.length,
    );
    return range?.bytes.subarray(start - range.start, end - range.start);
  }

  private async fetch(start: number, end: number): Promise<Uint8Array> {
    if (end - start <= MAX_REQUEST_BYTES) return this.request(start, end);
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end; at += MAX_REQUEST_BYTES)
      bytes.set(await this.request(at, Math.min(at + MAX_REQUEST_BYTES, end)), at - start);
    return bytes;
  }

  private async request(start: number, end: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(await this.source.slice(start, end));
    await this.onBytes(bytes.length);
    return bytes;
  }
}
