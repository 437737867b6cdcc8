import { decodeStarrocksBitmap, encodeStarrocksBitmap, RoaringBitmap32, serializeBitmap } from '@tessera/bitmap';
import { Random } from '../../../apps/standalone/src/sample/random';
import type { Bench, BenchContext } from '../framework/bench';
import { SUBJECT } from '../framework/result';
import { median } from '../framework/statistics';

const PEER = 'base64 and roaring without checks';

export const starrocksDecodeBench: Bench = {
  name: 'starrocks-decode',
  title: 'Bitmaps of StarRocks from base64, every byte checked',
  peers: [PEER],
  users: { full: 33_554_432, short: 400_000 },
  run: runStarrocksDecodeBench,
};

const TARGET = 0.8;
const SEGMENT_GUIDS = 4_194_304;
const WARM_UP = { full: 10, short: 2 };
const ROUNDS = { full: 40, short: 4 };
/** So many that a round takes tens of milliseconds. */
const BITMAPS_A_ROUND = { large: 160, small: 4_000 };
const RUN_MAX = 60;
const SETS_A_SEGMENT = 500;
const SET_VALUES_MAX = 32;
const SET_TYPE = 10;

/** One way in which guids lie in a segment. */
interface Shape {
  readonly name: string;
  /** Bitmaps of the guids in [from, to). */
  draw(random: Random, from: number, to: number): RoaringBitmap32[];
  /** Whether StarRocks sends it as a set. */
  readonly isSet?: boolean;
  /** A few kilobytes at most. */
  readonly isSmall?: boolean;
}

const SHAPES: readonly Shape[] = [
  { name: 'dense (3 of 10)', draw: (random, from, to) => [drawn(random, from, to, 0.3)] },
  { name: 'arrays (3 of 100)', draw: (random, from, to) => [drawn(random, from, to, 0.03)] },
  { name: 'sparse (1 of 2,000)', draw: (random, from, to) => [drawn(random, from, to, 0.0005)], isSmall: true },
  { name: `runs of 1 to ${RUN_MAX}`, draw: (random, from, to) => [drawnRuns(random, from, to)] },
  { name: 'everybody', draw: (_random, from, to) => [RoaringBitmap32.fromRange(from, to)], isSmall: true },
  { name: `sets of 2 to ${SET_VALUES_MAX}`, draw: drawnSets, isSet: true, isSmall: true },
];

/** The same bitmaps as each side reads them. */
interface Texts {
  readonly starrocks: readonly string[];
  readonly portable: readonly string[];
}

function runStarrocksDecodeBench({ users, seed, isShort, report }: BenchContext): Promise<void> {
  report.note(
    `Segments of ${SEGMENT_GUIDS.toLocaleString('en-US')} guids; MB of base64 text. Times are processor time of the process, which other processes hardly change. The peer trusts every byte: Buffer.from and RoaringBitmap32.deserialize`,
  );
  for (const shape of SHAPES) {
    const texts = textsOf(shape, new Random(seed, 1), users);
    report.check(`${shape.name}: bitmaps that differ`, differing(texts), 0);
    const bytes = texts.starrocks.reduce((sum, text) => sum + text.length, 0);
    const passes = isShort
      ? 1
      : Math.ceil(BITMAPS_A_ROUND[shape.isSmall === true ? 'small' : 'large'] / texts.starrocks.length);
    const sides: readonly Side[] = [
      { name: SUBJECT, texts: texts.starrocks, decode: decodeStarrocksBitmap, samplesMs: [] },
      { name: PEER, texts: texts.portable, decode: decodePlainly, samplesMs: [] },
    ];
    decodeInTurn(shape, sides, passes, isShort ? 'short' : 'full', report);
    const [ours = Number.NaN, peer = Number.NaN] = sides.map(({ samplesMs }) => median(samplesMs));
    report.figure({ name: shape.name, value: (passes * bytes) / 1e6 / (ours / 1_000), unit: 'MB/s' });
    report.figure({
      name: `${shape.name}: speed / that of the peer`,
      value: peer / ours,
      unit: '×',
      target: { atLeast: TARGET },
    });
  }
  return Promise.resolve();
}

interface Side {
  readonly name: string;
  readonly texts: readonly string[];
  readonly decode: (text: string) => RoaringBitmap32;
  readonly samplesMs: number[];
}

/** The one that begins finds less memory at hand: each begins every other round. What they leave behind they collect themselves. */
function decodeInTurn(
  shape: Shape,
  sides: readonly Side[],
  passes: number,
  form: 'full' | 'short',
  report: BenchContext['report'],
): void {
  const expected = passes * sizes(sides[0]?.texts ?? [], 1, decodeStarrocksBitmap);
  for (let round = -WARM_UP[form]; round < ROUNDS[form]; round += 1) {
    for (const { name, texts, decode, samplesMs } of round % 2 === 0 ? sides : sides.toReversed()) {
      const before = process.cpuUsage();
      const guids = sizes(texts, passes, decode);
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) samplesMs.push((user + system) / 1_000);
      report.check(`${shape.name}, ${name}, round ${round}`, guids, expected);
    }
  }
  for (const { name, samplesMs } of sides) report.timing(shape.name, name, samplesMs);
}

function decodePlainly(text: string): RoaringBitmap32 {
  return RoaringBitmap32.deserialize(Buffer.from(text, 'base64'), 'portable');
}

/** Reads all of them so many times. @returns how many guids they hold together. */
function sizes(texts: readonly string[], passes: number, decode: (text: string) => RoaringBitmap32): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    for (const text of texts) sum += decode(text).size;
  }
  return sum;
}

function differing({ starrocks, portable }: Texts): number {
  return starrocks.filter((text, at) => !decodeStarrocksBitmap(text).isEqual(decodePlainly(portable[at] ?? ''))).length;
}

function textsOf(shape: Shape, random: Random, users: number): Texts {
  const starrocks: string[] = [];
  const portable: string[] = [];
  for (let from = 0; from < users; from += SEGMENT_GUIDS) {
    for (const bitmap of shape.draw(random, from, Math.min(users, from + SEGMENT_GUIDS))) {
      const bytes = shape.isSet === true ? setOf(bitmap) : encodeStarrocksBitmap(bitmap);
      starrocks.push(bytes.toString('base64'));
      portable.push(serializeBitmap(bitmap).toString('base64'));
    }
  }
  return { starrocks, portable };
}

function drawn(random: Random, from: number, to: number, probability: number): RoaringBitmap32 {
  const values = new Uint32Array(to - from);
  let count = 0;
  for (let guid = from; guid < to; guid += 1) {
    if (random.uint32() < probability * 2 ** 32) values[count++] = guid;
  }
  return new RoaringBitmap32(values.subarray(0, count));
}

function drawnRuns(random: Random, from: number, to: number): RoaringBitmap32 {
  const bitmap = new RoaringBitmap32();
  for (let at = from; at < to; at += 1 + (random.uint32() % RUN_MAX)) {
    const end = Math.min(to, at + 1 + (random.uint32() % RUN_MAX));
    bitmap.addRange(at, end);
    at = end;
  }
  return bitmap;
}

function drawnSets(random: Random, from: number, to: number): RoaringBitmap32[] {
  return Array.from({ length: SETS_A_SEGMENT }, () => {
    const size = 2 + (random.uint32() % (SET_VALUES_MAX - 1));
    const set = new RoaringBitmap32();
    while (set.size < size) set.add(from + (random.uint32() % (to - from)));
    return set;
  });
}

/** As StarRocks sends a bitmap of few values: in no order. */
function setOf(bitmap: RoaringBitmap32): Buffer {
  const values = bitmap.toArray().reverse();
  const bytes = Buffer.alloc(5 + 8 * values.length);
  bytes[0] = SET_TYPE;
  bytes.writeUInt32LE(values.length, 1);
  values.forEach((value, at) => bytes.writeUInt32LE(value, 5 + 8 * at));
  return bytes;
}
