import type { MysqlSequence, RedisMappingStore } from '@tessera/identity';
import { MAPPING_TOPIC, readMappingEntries } from '@tessera/ingest';
import type { MappingEntry } from '@tessera/ingest';
import { committedEnds, readRange } from '@tessera/kafka';
import type { KafkaClient } from '@tessera/kafka';
import type { StarrocksUsers } from '@tessera/starrocks-engine';
import { GuidLedger, LEDGER_BYTES_A_GUID } from './guid-ledger';

const BATCH = 5_000;
const PROBLEMS_MAX = 20;
const MB = 1_048_576;

export interface VerifyIdentityOptions {
  readonly client: KafkaClient;
  readonly store: RedisMappingStore;
  readonly sequence: MysqlSequence;
  /** guids with their cuids; null: they are not kept anywhere. */
  readonly users: Pick<StarrocksUsers, 'pairsFrom' | 'highestGuid'> | null;
  /** For what is remembered of guids; more guids than that allows are looked at in several rounds, each of which reads the log twice. */
  readonly memoryMb: number;
  readonly say: (line: string) => void;
}

/** What a round has found. */
interface Round {
  readonly highestGuid: number;
  readonly live: number;
  readonly retired: number;
  /** Users in the reverse map. */
  readonly known: number;
}

/**
 * Compares Redis, the mapping log, MySQL and StarRocks: one guid for each cuid, one cuid for each guid, none of the retired ones in use, Redis as the log says,
 * new numbers above all used ones, known users with the cuids that the log has for their guids. Workers should be idle.
 * @returns what is not so, 20 lines at most; none: all is in order.
 * @throws KafkaFailure, MappingStoreUnavailableError, StarrocksError
 */
export async function verifyIdentity(options: VerifyIdentityOptions): Promise<readonly string[]> {
  const { client, store, sequence, users, say } = options;
  const problems: string[] = [];
  const note = (problem: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  const to = await committedEnds(client, MAPPING_TOPIC);
  const verification = new Verification({ note, store, users }, (take) =>
    readRange(client, MAPPING_TOPIC, { to }, async (_partition, records) => take(readMappingEntries(records))),
  );
  const guidsARound = Math.max(1, Math.floor((options.memoryMb * MB) / LEDGER_BYTES_A_GUID));
  const total = { highestGuid: (await users?.highestGuid()) ?? 0, live: 0, retired: 0, known: 0 };
  for (let first = 1; first === 1 || first <= total.highestGuid; first += guidsARound) {
    const round = await verification.round(first, guidsARound);
    total.highestGuid = Math.max(total.highestGuid, round.highestGuid);
    total.live += round.live;
    total.retired += round.retired;
    total.known += round.known;
    const last = first + guidsARound - 1;
    if (last < total.highestGuid) say(`Guids up to ${last} of ${total.highestGuid} are compared`);
  }
  const { entries, unlogged } = await store.size();
  if (entries - total.live > unlogged)
    note(`Redis binds ${entries} cuids, the mapping log ${total.live}, and ${unlogged} are unlogged`);
  const next = await sequence.next();
  if (next <= total.highestGuid) note(`MySQL hands out ${next} next, but ${total.highestGuid} is used`);
  const known = users === null ? '' : `, ${total.known} users known in StarRocks`;
  const summary = `${total.live} cuids bound${known}, ${total.retired} guids retired, ${unlogged} bindings unlogged, highest guid ${total.highestGuid}, next ${next}`;
  say(problems.length === 0 ? `${summary}: in order` : summary);
  return problems;
}

type ReadLog = (take: (entries: readonly MappingEntry[]) => Promise<void> | void) => Promise<void>;

/**
 * Looks at guids range by range: once through the log to learn whose each is and which are retired, once more to ask Redis for the cuid of each binding. Of two guids
 * that a cuid has at a time Redis has one at most, so the other one is told.
 */
class Verification {
  constructor(
    private readonly options: Pick<VerifyIdentityOptions, 'store' | 'users'> & {
      readonly note: (problem: string) => void;
    },
    private readonly readLog: ReadLog,
  ) {}

  async round(first: number, guids: number): Promise<Round> {
    const ledger = new GuidLedger(first, guids);
    const highestGuid = await this.#learn(ledger);
    await this.#compare(ledger);
    const known = await this.#compareUsers(ledger);
    return { highestGuid, live: ledger.live, retired: ledger.retired, known };
  }

  async #learn(ledger: GuidLedger): Promise<number> {
    let highest = 0;
    await this.readLog((entries) => {
      for (const { op, cuid, guid } of entries) {
        highest = Math.max(highest, guid);
        if (!ledger.has(guid)) continue;
        const problem = op === 'bind' ? ledger.bind(guid, cuid) : ledger.retire(guid, cuid);
        if (problem !== null) this.options.note(problem);
      }
    });
    return highest;
  }

  async #compare(ledger: GuidLedger): Promise<void> {
    let waiting: MappingEntry[] = [];
    await this.readLog(async (entries) => {
      for (const entry of entries) if (ledger.has(entry.guid)) waiting.push(entry);
      if (waiting.length < BATCH) return;
      const some = waiting;
      waiting = [];
      await this.#compareSome(some, ledger);
    });
    await this.#compareSome(waiting, ledger);
  }

  async #compareSome(entries: readonly MappingEntry[], ledger: GuidLedger): Promise<void> {
    const found = new Uint32Array(entries.length);
    await this.options.store.find(
      entries.map(({ cuid }) => cuid),
      found,
    );
    for (const [place, { cuid, guid }] of entries.entries()) {
      const held = found[place] ?? 0;
      if (ledger.isRetired(guid)) {
        if (held === guid) this.options.note(`${cuid} has guid ${guid} in Redis, which is retired`);
      } else if (held !== guid) {
        this.options.note(`${cuid} has guid ${held} in Redis, in the mapping log ${guid} (0: none)`);
      }
    }
  }

  /** @returns how many users are known. Who is bound need not be: no message may have been accepted yet. */
  async #compareUsers(ledger: GuidLedger): Promise<number> {
    const { users } = this.options;
    let known = 0;
    for (let least = ledger.first; users !== null && ledger.has(least);) {
      const pairs = await users.pairsFrom(least, BATCH);
      const here = pairs.filter(({ guid }) => ledger.has(guid));
      for (const { guid, cuid } of here) {
        if (ledger.binds(guid, cuid)) continue;
        const why = ledger.isRetired(guid) ? 'which is retired' : 'which the mapping log does not bind to it';
        this.options.note(`${cuid} has guid ${guid} in StarRocks, ${why}`);
      }
      known += here.length;
      const last = here.at(-1);
      if (last === undefined || here.length < BATCH) break;
      least = last.guid + 1;
    }
    return known;
  }
}
