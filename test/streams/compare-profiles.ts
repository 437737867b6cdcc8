import { ReferenceStore } from '@tessera/audience';
import type { ProfileView, ReferenceUser } from '@tessera/audience';
import { GUID_HEADER, MAPPING_TOPIC, readMappingEntries } from '@tessera/ingest';
import { readToEnd } from '@tessera/kafka';
import type { KafkaClient, ReadRecord } from '@tessera/kafka';
import type { RedisProfiles } from '@tessera/online-profile';
import { parseMessage } from '@tessera/tag-catalog';
import type { Catalog, Guid, TagMessage } from '@tessera/tag-catalog';
import { compareTables } from './compare-tables';
import type { ExpectedRow } from './compare-tables';

/** What was compared. */
export interface ComparedProfiles {
  /** Guids known and not erased. */
  readonly users: number;
  readonly erased: number;
  /** Records refused by the ingest workers, each with a letter; some have more than one. */
  readonly refused: number;
  readonly letters: number;
  /** Rows of events in StarRocks; 0 without it. */
  readonly rows: number;
}

const OFFLINE_TOPIC = 'tags.sys_offline_cuid';
const USERS_A_CALL = 500;

/**
 * Compares profiles, dead letters and the tables in StarRocks with what the reference engine makes of the topics.
 * @param starrocksUrl null: without it. @throws Error naming the first difference.
 */
export async function compareProfiles(
  client: KafkaClient,
  profiles: RedisProfiles,
  catalog: Catalog,
  starrocksUrl: string | null,
): Promise<ComparedProfiles> {
  const model = new Model(catalog);
  const topics = [OFFLINE_TOPIC, ...catalog.types.map(({ name }) => `tags.${name}`)];
  for (const topic of topics) {
    await readToEnd(client, topic, async (partition, records) => {
      for (const record of records) await model.take(topic, partition, record);
    });
  }
  const erased = new Map<Guid, string>();
  await readToEnd(client, MAPPING_TOPIC, (_partition, records) => {
    for (const { op, guid, cuid } of readMappingEntries(records)) if (op === 'erase') erased.set(guid, cuid);
  });
  const users = [...model.users].filter(([guid]) => !erased.has(guid));
  await compareUsers(profiles, catalog, users, model);
  for (const [guid, cuid] of erased) {
    const [view] = await profiles.profiles([{ cuid, guid }], catalog.tags);
    demand(view, undefined, `${cuid}, erased with guid ${guid}`);
  }
  const letters = await lettersOf(client);
  demand([...new Set(letters)].sort(), [...model.refused].sort(), 'letters');
  const tables = { users: new Map(users), stateOf: (guid: Guid) => model.stateOf(guid), rows: model.rows };
  const rows = starrocksUrl === null ? 0 : await compareTables(starrocksUrl, catalog, tables);
  return { users: users.length, erased: erased.size, refused: model.refused.size, letters: letters.length, rows };
}

async function compareUsers(
  profiles: RedisProfiles,
  catalog: Catalog,
  users: readonly (readonly [Guid, string])[],
  model: Model,
): Promise<void> {
  for (let first = 0; first < users.length; first += USERS_A_CALL) {
    const some = users.slice(first, first + USERS_A_CALL).map(([guid, cuid]) => ({ guid, cuid }));
    const views = await profiles.profiles(some, catalog.tags);
    for (const [place, { guid, cuid }] of some.entries()) {
      demand(shown(views[place]), model.expected(guid), `${cuid} with guid ${guid}`);
    }
  }
}

async function lettersOf(client: KafkaClient): Promise<readonly string[]> {
  const letters: string[] = [];
  await readToEnd(client, 'tags.dead', (_partition, records) => {
    letters.push(...records.map(({ headers }) => String(headers['dead.origin'])));
  });
  // Others are the mapping worker's.
  return letters.filter((origin) => !origin.startsWith('tags.raw/'));
}

/** What the records amount to when each counts once, in order for each user of a type. Users are kept by their guid. */
class Model {
  readonly users = new Map<Guid, string>();
  readonly refused = new Set<string>();
  /** Of events, by id of the type. */
  readonly rows = new Map<number, ExpectedRow[]>();
  #nowMs = 0;
  readonly #store = new ReferenceStore({ nowMs: () => this.#nowMs });

  constructor(private readonly catalog: Catalog) {}

  async take(topic: string, partition: number, record: ReadRecord): Promise<void> {
    const guid = Number(String(record.headers[GUID_HEADER])) as Guid;
    this.#nowMs = record.timestampMs;
    if (topic === OFFLINE_TOPIC) {
      // It makes the user known, and no more.
    } else if (!(await this.#apply(record, guid, BigInt(partition) * 2n ** 44n + BigInt(record.offset)))) {
      this.refused.add(`${topic}/${partition}/${record.offset}`);
      return;
    }
    this.users.set(guid, String(record.key));
  }

  /** Of one of `users`. */
  expected(guid: Guid): object {
    const user = this.#store.userByCuid(String(guid));
    return user === undefined ? {} : statesOf(user);
  }

  stateOf(guid: Guid): ReferenceUser | undefined {
    return this.#store.userByCuid(String(guid));
  }

  async #apply(record: ReadRecord, guid: Guid, row: bigint): Promise<boolean> {
    const message = this.#parse(record);
    if (message === null) return false;
    const messages = [{ ...message, cuid: String(guid) }];
    const { verdicts } = await this.#store.apply({ arrivalMs: record.timestampMs, messages });
    if (message.type.kind === 'event' && verdicts[0] === 'accepted') {
      const rows = this.rows.get(message.type.id) ?? [];
      this.rows.set(message.type.id, rows);
      const values = new Map(
        message.fields.flatMap((write) => (write.op === 'set' ? [[write.field.id, write.value] as const] : [])),
      );
      rows.push({ guid, timeMs: message.timeMs, row, values });
    }
    return typeof verdicts[0] === 'string';
  }

  #parse({ value, timestampMs }: ReadRecord): TagMessage | null {
    try {
      const parsed = parseMessage(this.catalog, JSON.parse(String(value)), timestampMs);
      return parsed.kind === 'message' ? parsed.message : null;
    } catch {
      return null;
    }
  }
}

function statesOf(user: ReferenceUser): object {
  return sorted([...user.fields.values()].map(({ tag, state }) => [tag.name, [state.value, state.timeMs]]));
}

function shown(view: ProfileView | undefined): object | null {
  return view === undefined
    ? null
    : sorted(view.tagStates().map(({ tag, value, timeMs }) => [tag.name, [value, timeMs]]));
}

function sorted(fields: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries([...fields].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function demand(found: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(found ?? null), JSON.stringify(expected ?? null)];
  if (is !== should) throw new Error(`${what}: ${is.slice(0, 1_500)} instead of ${should.slice(0, 1_500)}`);
}
