import { MalformedBitmapError } from './malformed-bitmap-error';

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
 * Checks every byte against the portable format, so that native code, which trusts them, never meets any others. Stricter than
 * the format in one point: runs that touch must have been joined, as every writer does.
 * @throws MalformedBitmapError
 */
export function checkPortableFormat(bytes: Buffer): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = readLayout(view);
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
      if (offset !== at) throw new MalformedBitmapError(`container offset ${offset} instead of ${at}`, offsetAt);
    }
    const cardinality = view.getUint16(descriptionAt + 2, true) + 1;
    if (isRun(view, layout, index)) at = checkRuns(view, at, cardinality);
    else if (cardinality <= ARRAY_CARDINALITY_MAX) at = checkArray(view, at, cardinality);
    else at = checkBitset(view, at, cardinality);
  }
  if (at !== bytes.length) throw new MalformedBitmapError(`${bytes.length - at} bytes after the last container`, at);
}

function readLayout(view: DataView): Layout {
  demandBytes(view, 0, 4, 'cookie');
  const cookie = view.getUint32(0, true);
  if (cookie === COOKIE_WITHOUT_RUNS) {
    demandBytes(view, 4, 4, 'container count');
    const containers = view.getUint32(4, true);
    if (containers > CONTAINERS_MAX)
      throw new MalformedBitmapError(`${containers} containers, at most ${CONTAINERS_MAX}`, 4);
    demandBytes(view, 8, 8 * containers, 'header');
    const offsetsAt = 8 + 4 * containers;
    return { containers, runFlagsAt: null, descriptionsAt: 8, offsetsAt, containersAt: offsetsAt + 4 * containers };
  }
  if ((cookie & 0xffff) !== COOKIE_WITH_RUNS) throw new MalformedBitmapError(`unknown cookie ${cookie}`, 0);
  const containers = (cookie >>> 16) + 1;
  const flagBytes = (containers + 7) >>> 3;
  const hasOffsets = containers >= OFFSETS_FROM_CONTAINERS;
  demandBytes(view, 4, flagBytes + (hasOffsets ? 8 : 4) * containers, 'header');
  const unusedFlags = view.getUint8(3 + flagBytes) >>> (((containers - 1) & 7) + 1);
  if (unusedFlags !== 0) throw new MalformedBitmapError('run flags behind the last container', 3 + flagBytes);
  const descriptionsAt = 4 + flagBytes;
  const behind = descriptionsAt + 4 * containers;
  return {
    containers,
    runFlagsAt: 4,
    descriptionsAt,
    offsetsAt: hasOffsets ? behind : null,
    containersAt: hasOffsets ? behind + 4 * containers : behind,
  };
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
  let values = 0;
  let lastValue = -2;
  for (let runAt = at + 2; runAt < end; runAt += 4) {
    const first = view.getUint16(runAt, true);
    const last = first + view.getUint16(runAt + 2, true);
    if (first <= lastValue + 1)
      throw new MalformedBitmapError(`a run from ${first} after one up to ${lastValue}`, runAt);
    if (last >= CONTAINER_VALUES) throw new MalformedBitmapError(`a run up to ${last}`, runAt);
    values += last - first + 1;
    lastValue = last;
  }
  if (values !== cardinality) throw new MalformedBitmapError(`runs of ${values} values instead of ${cardinality}`, at);
  return end;
}

function checkArray(view: DataView, at: number, cardinality: number): number {
  demandBytes(view, at, 2 * cardinality, 'array');
  const end = at + 2 * cardinality;
  let previous = -1;
  for (let valueAt = at; valueAt < end; valueAt += 2) {
    const value = view.getUint16(valueAt, true);
    if (value <= previous) throw new MalformedBitmapError(`array value ${value} after ${previous}`, valueAt);
    previous = value;
  }
  return end;
}

function checkBitset(view: DataView, at: number, cardinality: number): number {
  demandBytes(view, at, BITSET_BYTES, 'bitset');
  const end = at + BITSET_BYTES;
  let values = 0;
  for (let wordAt = at; wordAt < end; wordAt += 4) values += countBits(view.getUint32(wordAt, true));
  if (values !== cardinality)
    throw new MalformedBitmapError(`a bitset of ${values} values instead of ${cardinality}`, at);
  return end;
}

/** Bits set in 32 bits: sums of 2, 4 and 8 bits side by side, then of the four bytes by a multiplication. */
function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function demandBytes(view: DataView, at: number, count: number, what: string): void {
  if (at + count > view.byteLength)
    throw new MalformedBitmapError(`${what} cut off at the end, ${view.byteLength} bytes`, at);
}
