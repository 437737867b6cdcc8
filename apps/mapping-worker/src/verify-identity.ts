import type { MysqlSequence, RedisMappingStore } from '@tessera/identity';
import { MAPPING_TOPIC, readMappingEntries } from '@tessera/ingest';
import type { MappingEntry } from '@tessera/ingest';
import { readToEnd } from '@tessera/kafka';
import type { KafkaClient } from '@tessera/kafka';

const BATCH = 5_000;
const PROBLEMS_MAX = 20;

/** What the mapping log says, and what is wrong with it by itself. */
class LoggedIdentity {
  /** 0: erased. */
  readonly guids = new Map<string, number>();
  readonly #owners = new Map<number, string>();
  readonly #retired = new Set<number>();
  highestGuid = 0;

  constructor(private readonly onProblem: (problem: string) => void) {}

  add({ op, cuid, guid }: MappingEntry): void {
    const owner = this.#owners.get(guid);
    if (owner !== undefined && owner !== cuid) this.onProblem(`guid ${guid} belongs to ${owner} and to ${cuid}`);
    this.#owners.set(guid, cuid);
    this.highestGuid = Math.max(this.highestGuid, guid);
    const held = this.guids.get(cuid) ?? 0;
    if (op === 'erase') {
      this.#retired.add(guid);
      if (held === guid || held === 0) this.guids.set(cuid, 0);
    } else if (held === 0) {
      if (this.#retired.has(guid)) this.onProblem(`guid ${guid} of ${cuid} was retired and is bound again`);
      this.guids.set(cuid, guid);
    } else if (held !== guid) {
      this.onProblem(`${cuid} is bound to ${held} and to ${guid} with no erasure in between`);
    }
  }
}

/**
 * Compares Redis, the mapping log and MySQL: one guid for each cuid, one cuid for each guid, none of the retired ones in use, Redis as the log says,
 * new numbers above all used ones. Mapping workers should be idle. It holds all cuids in memory.
 * @returns what is not so, 20 lines at most; none: all is in order.
 */
export async function verifyIdentity(
  client: KafkaClient,
  store: RedisMappingStore,
  sequence: MysqlSequence,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const note = (problem: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  const logged = new LoggedIdentity(note);
  await readToEnd(client, MAPPING_TOPIC, (_partition, records) => {
    for (const entry of readMappingEntries(records)) logged.add(entry);
  });
  const live = await compareWithStore(logged.guids, store, note);
  const { entries, unlogged } = await store.size();
  if (entries - live > unlogged)
    note(`Redis binds ${entries} cuids, the mapping log ${live}, and ${unlogged} are unlogged`);
  const next = await sequence.next();
  if (next <= logged.highestGuid) note(`MySQL hands out ${next} next, but ${logged.highestGuid} is used`);
  const summary = `${live} cuids bound, ${logged.guids.size - live} erased, ${unlogged} bindings unlogged, highest guid ${logged.highestGuid}, next ${next}`;
  say(problems.length === 0 ? `${summary}: in order` : summary);
  return problems;
}

/** @returns cuids that are bound by the log. */
async function compareWithStore(
  guids: ReadonlyMap<string, number>,
  store: RedisMappingStore,
  note: (problem: string) => void,
): Promise<number> {
  const cuids = [...guids.keys()];
  let live = 0;
  for (let start = 0; start < cuids.length; start += BATCH) {
    const some = cuids.slice(start, start + BATCH);
    const found = new Uint32Array(some.length);
    const unlogged = new Set(await store.find(some, found));
    for (const [place, cuid] of some.entries()) {
      const expected = guids.get(cuid) ?? 0;
      const held = found[place] ?? 0;
      if (expected !== 0) live++;
      // One that is bound anew may not be in the log yet.
      if (held === expected || (expected === 0 && unlogged.has(place))) continue;
      note(`${cuid} has guid ${held} in Redis, in the mapping log ${expected} (0: none)`);
    }
  }
  return live;
}
