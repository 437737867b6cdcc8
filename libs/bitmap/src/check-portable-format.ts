import { BITSET_BYTES, countBitsetValues } from './count-bits';
import { MalformedBitmapError } from './malformed-bitmap-error';

// https://github.com/RoaringBitmap/RoaringFormatSpec
const COOKIE_WITHOUT_RUNS = 12_346;
const COOKIE_WITH_RUNS = 12_347;
/** With run containers, offsets are left out below this many containers. */
const OFFSETS_FROM_CONTAINERS = 4;
const CONTAINERS_MAX = 65_536;
const ARRAY_CARDINALITY_MAX = 4_096;
const CONTAINER_VALUES = 65_536;

interface Layout {
  readonly containers: number;
  /** One bit a container; null: no container holds runs. */
  readonly runFlagsAt: number | null;
  readonly descriptionsAt: number;
  /** Null: the format leaves them out. */
  readonly offsetsAt: number | null;
  readonly containersAt: number;
}

/**
 * Checks every byte from `start` to the end against the portable format, so that native code, which trusts them, never meets any
 * others. Stricter than the format in one point: runs that touch must have been joined, as every writer does.
 * @throws MalformedBitmapError with offsets in `bytes`.
 */
export function checkPortableFormat(bytes: Uint8Array, start = 0): void {
  const end = checkPortableBitmap(bytes, start);
  if (end !== bytes.length) throw new MalformedBitmapError(`${bytes.length - end} bytes after the last container`, end);
}

/**
 * The same for a bitmap with others behind it.
 * @returns the offset behind it.
 * @throws MalformedBitmapError with offsets in `bytes`.
 */
export function checkPortableBitmap(bytes: Uint8Array, start: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = readLayout(view, start);
  let at = layout.containersAt;
  let previousKey = -1;
  for (let index = 0; index < layout.containers; index++) {
    const descriptionAt = layout.descriptionsAt + 4 * index;
    const key = view.getUint16(descriptionAt, true);
    if (key <= previousKey) throw new MalformedBitmapError(`container key ${key} after ${previousKey}`, descriptionAt);
    previousKey = key;
    if (layout.offsetsAt !== null) {
      const offsetAt = layout.offsetsAt + 4 * index;
      const offset = view.getUint32(offsetAt, true);
      if (offset !== at - start)
        throw new MalformedBitmapError(`container offset ${offset} instead of ${at - start}`, offsetAt);
    }
    const cardinality = view.getUint16(descriptionAt + 2, true) + 1;
    if (isRun(view, layout, index)) at = checkRuns(view, at, cardinality);
    else if (cardinality <= ARRAY_CARDINALITY_MAX) at = checkArray(view, at, cardinality);
    else at = checkBitset(bytes, at, cardinality);
  }
  return at;
}

function readLayout(view: DataView, start: number): Layout {
  demandBytes(view, start, 4, 'cookie');
  const cookie = view.getUint32(start, true);
  if (cookie === COOKIE_WITHOUT_RUNS) {
    demandBytes(view, start + 4, 4, 'container count');
    const containers = view.getUint32(start + 4, true);
    if (containers > CONTAINERS_MAX)
      throw new MalformedBitmapError(`${containers} containers, at most ${CONTAINERS_MAX}`, start + 4);
    const descriptionsAt = start + 8;
    demandBytes(view, descriptionsAt, 8 * containers, 'header');
    const offsetsAt = descriptionsAt + 4 * containers;
    return { containers, runFlagsAt: null, descriptionsAt, offsetsAt, containersAt: offsetsAt + 4 * containers };
  }
  if ((cookie & 0xffff) !== COOKIE_WITH_RUNS) throw new MalformedBitmapError(`unknown cookie ${cookie}`, start);
  const containers = (cookie >>> 16) + 1;
  const runFlagsAt = start + 4;
  const descriptionsAt = runFlagsAt + ((containers + 7) >>> 3);
  const hasOffsets = containers >= OFFSETS_FROM_CONTAINERS;
  const behind = descriptionsAt + 4 * containers;
  const containersAt = hasOffsets ? behind + 4 * containers : behind;
  demandBytes(view, runFlagsAt, containersAt - runFlagsAt, 'header');
  const unusedFlags = view.getUint8(descriptionsAt - 1) >>> (((containers - 1) & 7) + 1);
  if (unusedFlags !== 0) throw new MalformedBitmapError('run flags behind the last container', descriptionsAt - 1);
  return { containers, runFlagsAt, descriptionsAt, offsetsAt: hasOffsets ? behind : null, containersAt };
}

function isRun(view: DataView, layout: Layout, index: number): boolean {
  return layout.runFlagsAt !== null && ((view.getUint8(layout.runFlagsAt + (index >>> 3)) >>> (index & 7)) & 1) === 1;
}

/** Returns the offset behind the container, like the other two. */
function checkRuns(view: DataView, at: number, cardinality: number): number {
  demandBytes(view, at, 2, 'run count');
  const runs = view.getUint16(at, true);
  demandBytes(view, at + 2, 4 * runs, 'runs');
  const end = at + 2 + 4 * runs;
  let values = runs;
  let lastValue = -2;
  // Below 0 as soon as a run begins too early or ends too late: one jump for all of them.
  let signs = 0;
  for (let runAt = at + 2; runAt < end; runAt += 4) {
    const run = view.getInt32(runAt, true);
    const first = run & 0xffff;
    const length = run >>> 16;
    signs |= first - lastValue - 2;
    values += length;
    lastValue = first + length;
    signs |= CONTAINER_VALUES - 1 - lastValue;
  }
  if (signs < 0) throw wrongRun(view, at + 2);
  if (values !== cardinality) throw new MalformedBitmapError(`runs of ${values} values instead of ${cardinality}`, at);
  return end;
}

/** Finds the first run that is wrong: there is one. */
function wrongRun(view: DataView, start: number): MalformedBitmapError {
  let lastValue = -2;
  for (let runAt = start; ; runAt += 4) {
    const first = view.getUint16(runAt, true);
    const last = first + view.getUint16(runAt + 2, true);
    if (first <= lastValue + 1)
      return new MalformedBitmapError(`a run from ${first} after one up to ${lastValue}`, runAt);
    if (last >= CONTAINER_VALUES) return new MalformedBitmapError(`a run up to ${last}`, runAt);
    lastValue = last;
  }
}

function checkArray(view: DataView, at: number, cardinality: number): number {
  demandBytes(view, at, 2 * cardinality, 'array');
  const end = at + 2 * cardinality;
  let previous = -1;
  // Stays below 0 while every value is above the one before: one jump for all of them.
  let signs = -1;
  let valueAt = at;
  for (; valueAt + 8 <= end; valueAt += 8) {
    const first = view.getUint16(valueAt, true);
    const second = view.getUint16(valueAt + 2, true);
    const third = view.getUint16(valueAt + 4, true);
    const fourth = view.getUint16(valueAt + 6, true);
    signs &= (previous - first) & (first - second) & (second - third) & (third - fourth);
    previous = fourth;
  }
  for (; valueAt < end; valueAt += 2) {
    const value = view.getUint16(valueAt, true);
    signs &= previous - value;
    previous = value;
  }
  if (signs >= 0) throw wrongValue(view, at);
  return end;
}

/** Finds the first value that is not above the one before: there is one. */
function wrongValue(view: DataView, start: number): MalformedBitmapError {
  let previous = -1;
  for (let valueAt = start; ; valueAt += 2) {
    const value = view.getUint16(valueAt, true);
    if (value <= previous) return new MalformedBitmapError(`array value ${value} after ${previous}`, valueAt);
    previous = value;
  }
}

function checkBitset(bytes: Uint8Array, at: number, cardinality: number): number {
  if (at + BITSET_BYTES > bytes.length) throw cutOff('bitset', bytes.length, at);
  const values = countBitsetValues(bytes, at);
  if (values !== cardinality)
    throw new MalformedBitmapError(`a bitset of ${values} values instead of ${cardinality}`, at);
  return at + BITSET_BYTES;
}

function demandBytes(view: DataView, at: number, count: number, what: string): void {
  if (at + count > view.byteLength) throw cutOff(what, view.byteLength, at);
}

function cutOff(what: string, bytes: number, at: number): MalformedBitmapError {
  return new MalformedBitmapError(`${what} cut off at the end, ${bytes} bytes`, at);
}
