import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type {
  FieldState,
  FieldWrite,
  Guid,
  JsonValue,
  ProfileEntry,
  ProfileOutcome,
  TagTypeDefinition,
  TagValue,
} from '@tessera/tag-catalog';
import { cuidOf, drawFields } from './source-logs';

/** Many fields, so that a round is many statements. */
const COUNTERS = ['visits', 'orders', 'returns', 'calls', 'mails', 'clicks'];
const TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'town', valueType: 'string' },
      { name: 'likes', valueType: 'set' },
      ...COUNTERS.map((name) => ({ name, valueType: 'int' })),
    ],
  },
  {
    name: 'coupon',
    kind: 'kv',
    tags: [
      { name: 'points', valueType: 'int' },
      { name: 'note', valueType: 'string' },
    ],
  },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'int' }] },
];
/** Messages of a source come for so many users at a time, and for each of them so many: then never again, so that nothing puts right what went wrong. */
const USERS_AT_A_TIME = 15;
const MESSAGES_OF_A_USER = 5;
const RECENT_MAX = 400;
/** One in so many messages changes nothing. */
const STALE = 9;

export function toldCatalog(): Catalog {
  return TYPES.reduce<Catalog>((catalog, json) => {
    const outcome = declareTagType(catalog, json);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors));
    return outcome.value;
  }, Catalog.empty);
}

/** Users, as all sources know them. */
export interface ToldUsers {
  /** Guids that were erased. */
  readonly retired: Set<Guid>;
  /** Those that something came for lately: of these some are erased. */
  readonly recent: Guid[];
}

/** The entry comes before another one: the profiles were set back. */
export class GapError extends Error {
  override readonly name = 'GapError';
}

/** What the entries of a source are. */
export interface SourceKind {
  readonly topic: string;
  readonly partition: number;
  /** Users of a topic are told apart by their guids. */
  readonly partitions: number;
  readonly content: TagTypeDefinition | 'erase' | 'known';
  /** False: no tag of a profile is cleared. */
  readonly clearsProfiles: boolean;
}

/** A state of a field, and the entry that led to it. */
interface StateSince {
  readonly offset: number;
  readonly state: FieldState;
}

/**
 * A source that grows at random, and what online profiles say of its entries: the first time what becomes of them, after that how their fields stand by now. The
 * oracle of what the tables must hold at the end.
 */
export class ToldSource {
  readonly entries: ProfileEntry[] = [];
  /** How far the group has come. */
  committed = 0;
  /** Of user and field, in order. */
  readonly #states = new Map<string, StateSince[]>();
  readonly #stale = new Set<number>();
  /** How far the profiles have come. */
  #position = 0;

  constructor(
    readonly kind: SourceKind,
    private readonly random: (limit: number) => number,
    private readonly users: ToldUsers,
  ) {}

  /** One entry more, if there is one. */
  grow(): void {
    const { content } = this.kind;
    const offset = this.entries.length;
    const arrivalMs = Date.now();
    const guid = content === 'erase' ? this.#drawErased() : this.#draw();
    if (guid === undefined) return;
    const cuid = cuidOf(guid);
    if (typeof content === 'string') {
      this.entries.push({ offset, cuid, guid, arrivalMs, content });
      return;
    }
    const fields = this.#fields(content);
    // Plain writes come in the order of their times.
    const timeMs = arrivalMs - (content.kind === 'event' ? this.random(3_600_000) : 0);
    this.entries.push({ offset, cuid, guid, arrivalMs, content: { type: content, cuid, timeMs, id: null, fields } });
    if (content.kind === 'event') return;
    if (this.random(STALE) === 0) this.#stale.add(offset);
    else for (const write of fields) this.#apply(guid, offset, write, timeMs);
  }

  /** @returns where telling begins. @param needed where the tag store needs it. */
  begin(needed: number): number {
    return Math.min(this.committed, needed, this.#position);
  }

  /** The profiles have lost what came last. */
  setBack(entries: number): void {
    this.#position = Math.max(0, this.#position - entries);
  }

  /** @throws GapError */
  tell(entry: ProfileEntry): ProfileOutcome {
    const { offset, guid, content } = entry;
    if (offset > this.#position) throw new GapError(`${offset} comes before ${this.#position}`);
    const isFirst = offset === this.#position;
    if (isFirst) this.#position = offset + 1;
    if (content === 'erase') this.users.retired.add(guid);
    else if (this.users.retired.has(guid)) return { verdict: 'retired', fields: [] };
    if (typeof content === 'string' || content.type.kind === 'event') {
      return { verdict: isFirst ? 'accepted' : 'repeated', fields: [] };
    }
    if (isFirst && this.#stale.has(offset)) return { verdict: 'stale', fields: [] };
    const fields = content.fields.flatMap(({ field }) => this.#stateOf(guid, field.id) ?? []);
    return { verdict: isFirst ? 'accepted' : 'repeated', fields };
  }

  /** How a field stands as far as the profiles have come; undefined: nothing came of it. */
  #stateOf(guid: Guid, fieldId: number): FieldState | undefined {
    const states = this.#states.get(`${guid} ${fieldId}`) ?? [];
    return states.findLast(({ offset }) => offset < this.#position)?.state;
  }

  /** All that came of a user in the end. */
  *finalStates(): Generator<readonly [Guid, FieldState]> {
    for (const [key, states] of this.#states) {
      const last = states.at(-1);
      if (last !== undefined) yield [Number(key.split(' ')[0]) as Guid, last.state];
    }
  }

  #apply(guid: Guid, offset: number, write: FieldWrite, timeMs: number): void {
    const key = `${guid} ${write.field.id}`;
    const states = this.#states.get(key) ?? [];
    this.#states.set(key, states);
    states.push({ offset, state: stateAfter(states.at(-1)?.state, write, timeMs) });
  }

  #draw(): Guid {
    const { partition, partitions } = this.kind;
    const first = Math.floor(this.entries.length / MESSAGES_OF_A_USER);
    const guid = (1 + (first + this.random(USERS_AT_A_TIME)) * partitions + partition) as Guid;
    const { recent } = this.users;
    if (recent.push(guid) > RECENT_MAX) recent.shift();
    return guid;
  }

  /** Each of them once. */
  #drawErased(): Guid | undefined {
    const erased = new Set(this.entries.map(({ guid }) => guid));
    const { recent } = this.users;
    const guid = recent[this.random(recent.length + 1)];
    return guid === undefined || erased.has(guid) ? undefined : guid;
  }

  #fields(type: TagTypeDefinition): readonly FieldWrite[] {
    const mayClear = this.kind.clearsProfiles || type.kind === 'kv';
    for (;;) {
      const fields = drawFields(type, this.random);
      if (mayClear || fields.every(({ op }) => op !== 'clear')) return fields;
    }
  }
}

function stateAfter(before: FieldState | undefined, write: FieldWrite, timeMs: number): FieldState {
  const { field } = write;
  const kept = before?.timeMs ?? null;
  switch (write.op) {
    case 'set':
      return { field, value: write.value, timeMs };
    case 'clear':
      return { field, value: null, timeMs };
    case 'increment':
      return { field, value: Number(before?.value ?? 0) + write.by, timeMs: kept };
    case 'add':
      return { field, value: [...new Set([...elementsOf(before?.value), ...write.values])].sort(), timeMs: kept };
    case 'remove':
      return { field, value: elementsOf(before?.value).filter((one) => !write.values.includes(one)), timeMs: kept };
  }
}

function elementsOf(value: TagValue | null | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
