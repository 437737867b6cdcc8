import type { TagMessage } from '@tessera/tag-catalog';
import { applyRecord } from '../apply-record';
import { EngineState } from '../engine-state';
import type { IdentityPort } from '../identity-port';
import { SHARD_SIZE } from '../shard';
import { describeState, readIndexes } from '../testing/describe-state';
import { FailingChunks } from '../testing/failing-stores';
import { MemoryChunks } from '../testing/memory-chunks';
import { NumberIdentity } from '../testing/number-identity';
import { RandomRecords } from '../testing/random-records';
import { SeededRandom } from '../testing/seeded-random';
import { storedRecord } from '../testing/stored-record';
import { messageOf, NOW, testCatalog } from '../testing/test-catalog';
import { verifyState } from '../verify-state';
import { loadCheckpoint, writeCheckpoint } from './checkpoint';
import { decodeRecord, encodeRecord } from './log-codec';

const catalog = testCatalog();
const ID_ENTRIES_MAX = 40;

function emptyState(identity: IdentityPort): EngineState {
  return new EngineState(identity, { idSeed: Uint32Array.of(1, 2, 3, 4), idEntriesMax: ID_ENTRIES_MAX });
}

function applyBatchRecord(state: EngineState, messages: readonly TagMessage[]): void {
  const record = { kind: 'batch', batch: { arrivalMs: NOW, messages }, source: undefined } as const;
  applyRecord(state, state.appliedSequence + 1, storedRecord(record, state));
}

function seeds(count: number): number[] {
  const given = process.env['ENGINE_SEED'];
  const first = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  return given === undefined ? Array.from({ length: count }, (_, index) => first + index) : [first];
}

/** Lives through the same records as another state that never stops, but is stored, dropped and brought back all the time. */
class Restarted {
  state: EngineState;
  readonly chunks = new MemoryChunks();
  readonly failing = new FailingChunks(this.chunks);
  /** Records since the last checkpoint, as the log holds them. */
  #log: Buffer[] = [];

  constructor(private readonly identity: () => IdentityPort) {
    this.state = emptyState(identity());
  }

  apply(bytes: Buffer): unknown {
    this.#log.push(bytes);
    return applyRecord(this.state, this.state.appliedSequence + 1, decodeRecord(bytes, catalog)).verdicts;
  }

  /** @param between is called while the checkpoint is being written, chunk by chunk. */
  async checkpoint(between: () => void): Promise<void> {
    this.state.sweepTexts();
    const first = this.#log.length;
    const writing = writeCheckpoint(this.state, this.failing, { sliceBytes: 1 });
    between();
    await writing;
    this.#log = this.#log.slice(first);
  }

  crash(): void {
    this.state = emptyState(this.identity());
    loadCheckpoint(this.state, this.chunks, catalog);
    const records = this.#log;
    this.#log = [];
    records.forEach((bytes) => this.apply(bytes));
  }
}

describe('checkpoints', () => {
  const identities = [
    ['users in one shard', 4, 120, () => new NumberIdentity()],
    ['users on both sides of a shard border', 1, 30, () => new NumberIdentity(SHARD_SIZE - 4)],
  ] as const;

  it.each(identities)('bring back what never stopped, at every step, with %s', async (_, runs, steps, identity) => {
    for (const seed of seeds(runs)) {
      const random = new SeededRandom(seed);
      const records = new RandomRecords(catalog, random);
      const lasting = emptyState(identity());
      const restarted = new Restarted(identity);
      let recordNumber = 0;
      const step = (): void => {
        const record = records.next(lasting);
        const stored = storedRecord(record, lasting);
        const bytes = Buffer.from(encodeRecord(stored));
        const { verdicts } = applyRecord(lasting, ++recordNumber, stored);
        expect({ seed, recordNumber, verdicts: restarted.apply(bytes) }).toEqual({ seed, recordNumber, verdicts });
      };
      for (let turn = 0; turn < steps; turn++) {
        step();
        if (random.chance(0.5)) {
          readIndexes(restarted.state);
        }
        if (random.chance(0.4)) {
          restarted.failing.failure = random.chance(0.3) ? new Error('disk full') : null;
          await restarted
            .checkpoint(() => {
              for (let more = random.between(0, 3); more > 0; more--) {
                step();
              }
            })
            .catch(() => undefined);
        }
        if (random.chance(0.5)) {
          restarted.crash();
        }
        const { nowMs } = records;
        const [is, was] = [restarted.state, lasting].map((state) =>
          describeState(state, catalog, RandomRecords.cuids, nowMs),
        );
        // Comparing texts is far quicker; objects show what differs.
        if (JSON.stringify(is) !== JSON.stringify(was)) {
          expect({ seed, turn, ...is }).toEqual({ seed, turn, ...was });
        }
      }
      for (const state of [lasting, restarted.state]) {
        expect({ seed, findings: verifyState(state).findings }).toEqual({ seed, findings: [] });
      }
    }
  });

  it('leave nothing of an erased user, nor texts that only this user had', async () => {
    const state = emptyState(new NumberIdentity());
    const chunks = new MemoryChunks();
    const send = (cuid: string, secret: string): void => {
      const bodies = [
        [
          'person',
          { city: secret, interests: [secret, 'chess'], level: 987_654_321, seen: '2026-10-30T11:22:33.444Z' },
        ],
        ['flag', { marked: secret }],
        ['purchase', { sku: secret, parts: [secret], amount: 7.65 }],
      ] as const;
      const messages = bodies.map(([type, body]) =>
        messageOf(catalog, type, cuid, body, { timeMs: NOW - 12_345, id: 'i' }),
      );
      applyBatchRecord(state, messages);
    };
    const stored = (): string => [...chunks.stored.values()].map((bytes) => bytes.toString('latin1')).join('\n');
    send('someone', 'the other');
    send('alice@example.org', 'top secret');
    readIndexes(state);
    await writeCheckpoint(state, chunks);
    expect(stored()).toContain('top secret');
    applyRecord(state, state.appliedSequence + 1, {
      kind: 'erase',
      cuid: 'alice@example.org',
      arrivalMs: NOW,
      source: undefined,
    });
    state.sweepTexts();
    await writeCheckpoint(state, chunks);
    expect(stored()).not.toContain('top secret');
    expect(stored()).not.toContain('alice');
    expect(stored()).toContain('the other');
    const times = [...chunks.stored].filter(([key]) => key.startsWith('y/') || key.startsWith('t/'));
    const time = Buffer.alloc(4);
    time.writeUInt32LE((NOW - 12_345) % 2 ** 32);
    // Of the other user alone: one shared time of `person`, one of `flag`.
    expect(
      times
        .filter(([, bytes]) => bytes.includes(time))
        .map(([, bytes]) => bytes.lastIndexOf(time) - bytes.indexOf(time)),
    ).toEqual([0, 0]);
    expect(verifyState(state).findings).toEqual([]);
  });

  it('forget texts that were overwritten, once there are many', async () => {
    const state = emptyState(new NumberIdentity());
    const city = catalog.tag('city');
    const write = (from: number): void => {
      const messages = Array.from({ length: 20_000 }, (_, user) =>
        messageOf(catalog, 'person', `u${user}`, { city: `text ${from + user}` }, { timeMs: NOW + from }),
      );
      applyBatchRecord(state, messages);
    };
    for (let round = 0; round < 4; round++) {
      write(round * 20_000);
      state.sweepTexts();
      await writeCheckpoint(state, new MemoryChunks());
    }
    expect(city && state.findTag(city)?.dictionary.entries).toBe(20_000);
    expect(city && state.findTag(city)?.dictionary.size).toBe(40_000);
    expect(verifyState(state).findings).toEqual([]);
  });

  it('restore a directory that holds no user yet', async () => {
    const chunks = new MemoryChunks();
    const state = emptyState(new NumberIdentity());
    applyRecord(state, 1, { kind: 'retention', day: 20_000, firstDays: new Map() });
    await writeCheckpoint(state, chunks);
    const next = emptyState(new NumberIdentity());
    loadCheckpoint(next, chunks, catalog);
    expect([next.knownUsers, next.universe(0).size, next.retentionDay, next.appliedSequence]).toEqual([
      0, 0, 20_000, 1,
    ]);
  });

  it('say what cannot be read', async () => {
    const chunks = new MemoryChunks();
    const state = emptyState(new NumberIdentity());
    const messages = [messageOf(catalog, 'person', 'a', { city: 'rome', level: 1 })];
    applyBatchRecord(state, messages);
    await writeCheckpoint(state, chunks);
    const load = (change: (stored: Map<string, Buffer>) => void): void => {
      const damaged = new MemoryChunks();
      chunks.stored.forEach((bytes, key) => damaged.stored.set(key, bytes));
      change(damaged.stored);
      loadCheckpoint(emptyState(new NumberIdentity()), damaged, catalog);
    };
    for (const key of [...chunks.stored.keys()].filter((one) => one !== 'meta')) {
      expect(() => {
        load((stored) => stored.set(key, Buffer.from([3, 1])));
      }).toThrow(`The entry ${key} of the checkpoint can't be read`);
    }
    expect(() => {
      load((stored) => stored.set('meta', Buffer.from('{')));
    }).toThrow("The entry meta of the checkpoint can't be read");
    const meta = JSON.parse(chunks.stored.get('meta')?.toString() ?? '') as Record<string, unknown>;
    expect(() => {
      load((stored) => stored.set('meta', Buffer.from(JSON.stringify({ ...meta, format: 2 }))));
    }).toThrow('engine format 2; this version reads up to 1');
    expect(() => {
      load((stored) => stored.set('meta', Buffer.from(JSON.stringify({ ...meta, usedTypes: [77] }))));
    }).toThrow('tag type 77, which its catalogue does not know');
    for (const key of chunks.stored.keys()) {
      expect(() => {
        load((stored) => stored.delete(key));
      }).toThrow('chunks are lost');
    }
    expect(() => {
      load((stored) => stored.set('t/77/00000', Buffer.from([1])));
    }).toThrow('chunks are lost');
  });
});
