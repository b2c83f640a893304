import type {Outpoint} from '../primitives/ids.ts';
import {FingerprintTable, type SharedTable} from './fingerprint-table.ts';

/** What a skim asks, and what it adds to. */
export interface Watched {
  /** Whether the bytes from `start` to before `end` may be a watched scriptPubKey. */
  hasScript(view: DataView, start: number, end: number): boolean;
  /** Whether the 36 wire bytes of an input's previous output at `position` may be a watched outpoint. */
  hasOutpoint(view: DataView, position: number): boolean;
  addOutpoint(outpoint: Outpoint): void;
}

/** A watch set as another thread is given it. */
export interface SharedWatch {
  readonly scripts: SharedTable;
  readonly outpoints: SharedTable;
}

/**
 * The scripts and outpoints that the skim looks for, as 64-bit fingerprints: a million scripts cost 16 MB. Never a
 * false negative; a false positive is one foreign output in 10^13 or somebody's deliberate work, and the store, which
 * compares whole scripts, finds it out.
 */
export class WatchSet implements Watched {
  readonly #scripts: FingerprintTable;
  readonly #outpoints: FingerprintTable;

  constructor(expected: {readonly scripts?: number; readonly outpoints?: number} = {}) {
    this.#scripts = new FingerprintTable(expected.scripts);
    this.#outpoints = new FingerprintTable(expected.outpoints);
  }

  addScript(scriptPubKey: Uint8Array): void {
    const {buffer, byteOffset, length} = scriptPubKey;
    const view = new DataView(buffer, byteOffset, length);
    this.#scripts.add(scriptHash(view, 0, length, HIGH), scriptHash(view, 0, length, LOW));
  }

  addOutpoint(outpoint: Outpoint): void {
    addTo(this.#outpoints, outpoint);
  }

  hasScript(view: DataView, start: number, end: number): boolean {
    return hasScript(this.#scripts, view, start, end);
  }

  hasOutpoint(view: DataView, position: number): boolean {
    return hasOutpoint(this.#outpoints, view, position);
  }

  /** For a skim in another thread, which sees what is added later at the latest when it is given this again. */
  share(): SharedWatch {
    return {scripts: this.#scripts.share(), outpoints: this.#outpoints.share()};
  }

  get size(): {readonly scripts: number; readonly outpoints: number} {
    return {scripts: this.#scripts.size, outpoints: this.#outpoints.size};
  }

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.#scripts.bytes + this.#outpoints.bytes;
  }
}

/** Another thread's watch set, and the outpoints that a skim of this thread found. */
export class BorrowedWatchSet implements Watched {
  readonly #found = new FingerprintTable();
  #scripts = new FingerprintTable();
  #outpoints = new FingerprintTable();

  borrow({scripts, outpoints}: SharedWatch): void {
    this.#scripts = FingerprintTable.over(scripts);
    this.#outpoints = FingerprintTable.over(outpoints);
  }

  addOutpoint(outpoint: Outpoint): void {
    addTo(this.#found, outpoint);
  }

  hasScript(view: DataView, start: number, end: number): boolean {
    return hasScript(this.#scripts, view, start, end);
  }

  hasOutpoint(view: DataView, position: number): boolean {
    return hasOutpoint(this.#outpoints, view, position) || hasOutpoint(this.#found, view, position);
  }
}

/** Printed txids are the wire bytes reversed: these are the wire's first eight bytes as two little-endian words. */
const addTo = (outpoints: FingerprintTable, {txid, vout}: Outpoint): void =>
  outpoints.add(outpointHash(Number.parseInt(txid.slice(56), 16), vout), Number.parseInt(txid.slice(48, 56), 16));

const hasScript = (scripts: FingerprintTable, view: DataView, start: number, end: number): boolean => {
  const high = scriptHash(view, start, end, HIGH);
  return scripts.hasHigh(high) && scripts.has(high, scriptHash(view, start, end, LOW));
};

const hasOutpoint = (outpoints: FingerprintTable, view: DataView, position: number): boolean =>
  outpoints.has(
    outpointHash(view.getUint32(position, true), view.getUint32(position + 32, true)),
    view.getUint32(position + 4, true),
  );

const HIGH = 0x9e3779b1;
const LOW = 0x85ebca77;

/** After murmur3, four bytes at a time. The two seeds, odd and used as multipliers too, give the two halves. */
const scriptHash = (view: DataView, start: number, end: number, seed: number): number => {
  let hash = seed ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ Math.imul(view.getUint32(at, true), seed), 5);
    hash = (hash << 13) | (hash >>> 19);
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
};

/** A txid is a hash already; only the output's number has to be mixed in. */
const outpointHash = (txidWord: number, vout: number): number => txidWord ^ Math.imul(vout, 0x9e3779b1);
