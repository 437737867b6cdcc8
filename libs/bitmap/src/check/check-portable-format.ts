import { MalformedBitmapError } from '../malformed-bitmap-error';
import type { BitmapBytes } from './bitmap-bytes';

// https://github.com/RoaringBitmap/RoaringFormatSpec
const COOKIE_WITHOUT_RUNS = 12_346;
const COOKIE_WITH_RUNS = 12_347;
/** With run containers, offsets are left out below this many containers. */
const OFFSETS_FROM_CONTAINERS = 4;
const CONTAINERS_MAX = 65_536;
const ARRAY_CARDINALITY_MAX = 4_096;
const BITSET_BYTES = 8_192;
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
 * @throws MalformedBitmapError
 */
export function checkPortableFormat(bytes: BitmapBytes, start: number): void {
  const end = checkPortableBitmap(bytes, start);
  if (end !== bytes.end) throw new MalformedBitmapError(`${bytes.end - end} bytes after the last container`, end);
}

/**
 * The same for a bitmap with others behind it.
 * @returns the offset behind it.
 * @throws MalformedBitmapError
 */
export function checkPortableBitmap(bytes: BitmapBytes, start: number): number {
  const { view } = bytes;
  const layout = readLayout(bytes, start);
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
    if (isRun(view, layout, index)) at = checkRuns(bytes, at, cardinality);
    else if (cardinality <= ARRAY_CARDINALITY_MAX) at = checkArray(bytes, at, cardinality);
    else at = checkBitset(bytes, at, cardinality);
  }
  return at;
}

function readLayout(bytes: BitmapBytes, start: number): Layout {
  const { view } = bytes;
  bytes.demand(start, 4, 'cookie');
  const cookie = view.getUint32(start, true);
  if (cookie === COOKIE_WITHOUT_RUNS) {
    bytes.demand(start + 4, 4, 'container count');
    const containers = view.getUint32(start + 4, true);
    if (containers > CONTAINERS_MAX)
      throw new MalformedBitmapError(`${containers} containers, at most ${CONTAINERS_MAX}`, start + 4);
    const descriptionsAt = start + 8;
    bytes.demand(descriptionsAt, 8 * containers, 'header');
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
  bytes.demand(runFlagsAt, containersAt - runFlagsAt, 'header');
  const unusedFlags = view.getUint8(descriptionsAt - 1) >>> (((containers - 1) & 7) + 1);
  if (unusedFlags !== 0) throw new MalformedBitmapError('run flags behind the last container', descriptionsAt - 1);
  return { containers, runFlagsAt, descriptionsAt, offsetsAt: hasOffsets ? behind : null, containersAt };
}

function isRun(view: DataView, layout: Layout, index: number): boolean {
  return layout.runFlagsAt !== null && ((view.getUint8(layout.runFlagsAt + (index >>> 3)) >>> (index & 7)) & 1) === 1;
}

/** Returns the offset behind the container, like the other two. */
function checkRuns(bytes: BitmapBytes, at: number, cardinality: number): number {
  bytes.demand(at, 2, 'run count');
  const runs = bytes.view.getUint16(at, true);
  bytes.demand(at + 2, 4 * runs, 'runs');
  const end = at + 2 + 4 * runs;
  const behindFirsts = runs < 2 ? sumOneRun(bytes.view, at + 2, runs) : bytes.sumRuns(at + 2, end);
  if (behindFirsts < 0) throw wrongRun(bytes.view, at + 2);
  const values = runs + behindFirsts;
  if (values !== cardinality) throw new MalformedBitmapError(`runs of ${values} values instead of ${cardinality}`, at);
  return end;
}

/** As `sumRuns`, for the containers that are most common where nearly everybody is in: one run, or none by mistake. */
function sumOneRun(view: DataView, at: number, runs: number): number {
  if (runs === 0) return 0;
  const behindFirst = view.getUint16(at + 2, true);
  return view.getUint16(at, true) + behindFirst < CONTAINER_VALUES ? behindFirst : -1;
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

function checkArray(bytes: BitmapBytes, at: number, cardinality: number): number {
  bytes.demand(at, 2 * cardinality, 'array');
  const end = at + 2 * cardinality;
  if (!bytes.areAscending(at, end)) throw wrongValue(bytes.view, at);
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

function checkBitset(bytes: BitmapBytes, at: number, cardinality: number): number {
  bytes.demand(at, BITSET_BYTES, 'bitset');
  const values = bytes.countBits(at, at + BITSET_BYTES);
  if (values !== cardinality)
    throw new MalformedBitmapError(`a bitset of ${values} values instead of ${cardinality}`, at);
  return at + BITSET_BYTES;
}
