import path from 'node:path';
import { DataDirectory } from '@tessera/data-directory';
import { LocalIdentity } from '@tessera/identity';
import { Random } from '../../../apps/standalone/src/sample/random';
import { InFlight } from '../measure/in-flight';
import type { Bench, BenchContext } from '../framework/bench';
import type { Report } from '../framework/report';
import { stopwatch } from '../framework/statistics';
import { rate } from '../measure/pauses';
import { LmdbPuts } from '../write/lmdb-puts';

export const identityBench: Bench = {
  name: 'identity-local',
  title: 'Durable binding of new cuids in the standalone identity store, and its restart',
  peers: ['LMDB with random keys'],
  users: { full: 20_000_000, short: 100_000 },
  run: runIdentityBench,
};

/** Puts into LMDB end after so many seconds, wherever they are then. */
const LMDB_SECONDS_MAX = { full: 600, short: 5 };

const BATCH = 10_000;
/** While one batch is on its way to the disk the one before is bound: still one fsync a batch. */
const BATCHES_IN_FLIGHT = 2;
/** Batches made before the clock runs. */
const BATCHES_READY = 20;
const SPEED_UP_TARGET = 50;
const BYTES_TARGET = 36;
const GUID_BYTES = 4;
const IDENTITY_SEED = 1;
const PROBES = 10_000;

async function runIdentityBench({ users: cuids, seed, isShort, folder, report }: BenchContext): Promise<void> {
  report.note(
    `cuids of 32 random hex digits, in batches of ${BATCH.toLocaleString('en-US')}, each on disk (16 bytes a cuid) with an fsync of its own before it is bound`,
  );
  const identity = new LocalIdentity({ seed: IDENTITY_SEED });
  const { elapsedMs, bindMs } = await bindDurably(path.join(folder, 'data'), identity, cuids, seed);
  const perSecond = rate(cuids, elapsedMs);
  report.figure({ name: 'durable binds', value: perSecond, unit: 'cuids/s' });
  report.note(`Of that time the table took ${((100 * bindMs) / elapsedMs).toFixed(0)} %, the log the rest`);
  const perEntry = identity.bytes / identity.bound;
  report.figure({ name: 'memory an entry', value: perEntry, unit: 'bytes', target: { atMost: BYTES_TARGET } });
  await measureRestart(identity, cuids, seed, report);
  const secondsMax = isShort ? LMDB_SECONDS_MAX.short : LMDB_SECONDS_MAX.full;
  const lmdb = await putDurably({ folder, cuids, seed, secondsMax }, report);
  report.figure({ name: 'LMDB with random keys', value: lmdb.perSecond, unit: 'cuids/s' });
  report.figure({
    name: 'durable binds / LMDB',
    value: perSecond / lmdb.perSecond,
    unit: '×',
    target: { atLeast: SPEED_UP_TARGET },
  });
}

/** @returns ms that appending, syncing and binding took, and ms of it for binding alone. */
async function bindDurably(
  folder: string,
  identity: LocalIdentity,
  cuids: number,
  seed: number,
): Promise<{ readonly elapsedMs: number; readonly bindMs: number }> {
  const directory = await DataDirectory.open(folder);
  const random = new Random(seed, 3);
  const guids = new Uint32Array(BATCH);
  let elapsedMs = 0;
  let bindMs = 0;
  for (let made = 0; made < cuids;) {
    const batches: string[][] = [];
    for (; batches.length < BATCHES_READY && made < cuids; made += BATCH) {
      batches.push(drawCuids(random, Math.min(BATCH, cuids - made)));
    }
    const startedMs = performance.now();
    const flight = new InFlight(BATCHES_IN_FLIGHT);
    for (const batch of batches) {
      await flight.start(async () => {
        await directory.log.append(Buffer.from(batch.join(''), 'hex')).durable;
        const bindingMs = performance.now();
        identity.bindMany(batch, guids);
        bindMs += performance.now() - bindingMs;
      });
    }
    await flight.settle();
    elapsedMs += performance.now() - startedMs;
  }
  await directory.close();
  return { elapsedMs, bindMs };
}

/** What the owner of an identity does at a start: stored blocks become a table again. */
async function measureRestart(identity: LocalIdentity, cuids: number, seed: number, report: Report): Promise<void> {
  const blocks = Array.from({ length: Math.ceil(cuids / identity.blockSize) }, (_, block) =>
    identity.serializeBlock(block),
  );
  const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
  const { value: restarted, elapsedMs } = await stopwatch(() => {
    const loaded = new LocalIdentity({ seed: IDENTITY_SEED });
    blocks.forEach((block, at) => loaded.loadBlock(at, block));
    return loaded;
  });
  report.note(`Stored blocks: ${(bytes / cuids).toFixed(1)} bytes a cuid`);
  report.figure({ name: 'restart from blocks', value: rate(cuids, elapsedMs), unit: 'cuids/s' });
  // Bound in the order of coming: the guid of a cuid is its place.
  const random = new Random(seed, 3);
  let wrong = 0;
  for (let guid = 1; guid <= cuids; guid += 1) {
    const cuid = drawCuid(random);
    if (identity.lookup(cuid) !== guid || restarted.lookup(cuid) !== guid) wrong += 1;
  }
  report.check('cuids with another guid than their place', wrong, 0);
  report.check('guid of a cuid never bound', identity.lookup(drawCuid(random)), 0);
}

interface PutSizes {
  readonly folder: string;
  readonly cuids: number;
  readonly seed: number;
  readonly secondsMax: number;
}

/** The same cuids in the same batches, packed to 16 bytes each. */
async function putDurably(
  { folder, cuids, seed, secondsMax }: PutSizes,
  report: Report,
): Promise<{ readonly perSecond: number }> {
  const puts = LmdbPuts.open(folder);
  const random = new Random(seed, 3);
  let elapsedMs = 0;
  let put = 0;
  while (put < cuids && elapsedMs < secondsMax * 1_000) {
    const first = put + 1;
    const entries = drawCuids(random, Math.min(BATCH, cuids - put)).map(
      (cuid, at) => [Buffer.from(cuid, 'hex'), guidBytes(first + at)] as const,
    );
    elapsedMs += (await stopwatch(async () => await puts.put(entries))).elapsedMs;
    put += entries.length;
  }
  const probes = new Random(seed, 3);
  let wrong = 0;
  for (let guid = 1; guid <= Math.min(PROBES, put); guid += 1) {
    if (puts.get(Buffer.from(drawCuid(probes), 'hex'))?.readUInt32LE(0) !== guid) wrong += 1;
  }
  report.check('cuids with another guid in LMDB', wrong, 0);
  await puts.close();
  report.note(
    `Peer: LMDB, ${put.toLocaleString('en-US')} cuids in ${(elapsedMs / 1_000).toFixed(1)} s, a durable transaction a batch`,
  );
  return { perSecond: rate(put, elapsedMs) };
}

function guidBytes(guid: number): Buffer {
  const bytes = Buffer.alloc(GUID_BYTES);
  bytes.writeUInt32LE(guid);
  return bytes;
}

function drawCuids(random: Random, cuids: number): string[] {
  return Array.from({ length: cuids }, () => drawCuid(random));
}

function drawCuid(random: Random): string {
  let cuid = '';
  for (let word = 0; word < 4; word += 1) cuid += random.uint32().toString(16).padStart(8, '0');
  return cuid;
}
