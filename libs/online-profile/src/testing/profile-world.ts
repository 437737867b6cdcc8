import { ReferenceStore } from '@tessera/audience';
import type { ProfileView } from '@tessera/audience';
import type {
  FieldState,
  Guid,
  ProfileEntry,
  ProfileLane,
  ProfileOutcome,
  TagDefinition,
  TagMessage,
  Verdict,
} from '@tessera/tag-catalog';
import type { RedisProfiles } from '../redis-profiles';
import type { RandomMessages } from './random-messages';

const START_MS = Date.UTC(2026, 10, 1, 12);
const ERASURES = 'sys_cguid_mapping/0';
const CUIDS = Array.from({ length: 9 }, (_, user) => `user ${user} é`);
const REPEATED_WITHIN_MS = 86_400_000;
const IDS_NEVER_FORGOTTEN = 1_000_000;

/** A record of a source, and what the oracle said of it. */
interface Logged {
  readonly entry: ProfileEntry;
  readonly verdict: Verdict;
}

/** One Kafka partition as it would be, read by a lane that is opened anew now and then. */
interface Source {
  readonly name: string;
  readonly log: Logged[];
  /** Next offset for the tag store. */
  committed: number;
  nextOffset: number;
}

/** What a tag store would hold that is given what lanes tell. */
type GivenState = Readonly<Record<string, readonly [unknown, number | null]>>;

/**
 * Messages stamped with guids in several sources, applied to the oracle as they come and to the store under test by lanes that
 * die, are opened anew at an earlier offset, and deliver again in other batches.
 */
export class ProfileWorld {
  readonly oracle: ReferenceStore;
  readonly #sources = new Map<string, Source>();
  readonly #lanes = new Map<string, ProfileLane>();
  readonly #guids = new Map<string, Guid>();
  readonly #given = new Map<string, GivenState>();
  readonly #rows = new Set<string>();
  #nextGuid = 0;
  #nowMs = START_MS;

  constructor(
    private readonly profiles: RedisProfiles,
    readonly random: RandomMessages,
  ) {
    this.oracle = new ReferenceStore({ nowMs: () => this.#nowMs, idMemory: IDS_NEVER_FORGOTTEN });
  }

  /** Some messages of one type, or an erasure: to the oracle, and to the source's log with the oracle's verdict. */
  async write(): Promise<Source> {
    this.#nowMs += this.random.pick([0, 1_000, 3_600_000, 40_000_000]);
    if (this.random.chance(0.07)) return this.#erase(this.random.pick(CUIDS));
    const type = this.random.pick(this.random.catalog.types);
    const source = this.#source(`tags.${type.name}/0`);
    const messages = Array.from({ length: this.random.between(1, 8) }, () =>
      this.random.message(type, this.random.pick(CUIDS), this.#nowMs),
    );
    const { verdicts } = await this.oracle.apply({ arrivalMs: this.#nowMs, messages });
    messages.forEach((message, index) => this.#append(source, message.cuid, message, verdicts[index]!));
    return source;
  }

  /**
   * Delivers what the source holds beyond what was delivered, in batches of any size; or, its lane dead, everything from an earlier offset on.
   * @returns sentences about outcomes that are not the oracle's.
   */
  async deliver(source: Source): Promise<string[]> {
    let lane = this.#lanes.get(source.name);
    if (lane !== undefined && this.#earliest(source) > source.committed) {
      await lane.settle();
      source.committed = this.#earliest(source);
    }
    if (lane === undefined || this.random.chance(0.2)) {
      lane = await this.#open(source);
      if (lane.position !== source.committed) return [`opened at ${lane.position}, committed ${source.committed}`];
    }
    return this.#deliverBy(lane, source);
  }

  /**
   * After Redis was restarted: every lane is opened anew and delivers what Redis may have lost. What it lost of groups for which nothing is delivered is
   * found when the lanes settle. @returns as `deliver` does.
   */
  async recover(): Promise<string[]> {
    const findings: string[] = [];
    for (const source of this.#sources.values()) {
      findings.push(...(await this.#deliverBy(await this.#open(source), source)));
    }
    if (await this.#openAll()) return findings;
    for (const lane of this.#lanes.values()) await lane.settle();
    return (await this.#openAll()) ? findings : [...findings, 'is not open'];
  }

  async #openAll(): Promise<boolean> {
    const committed = new Map([...this.#sources.values()].map((source) => [source.name, source.committed]));
    return (await this.profiles.state()).open(committed);
  }

  async #open(source: Source): Promise<ProfileLane> {
    const { committed } = source;
    const lane = await this.profiles.openLane(source.name, { committed, first: 0, end: endOf(source) });
    this.#lanes.set(source.name, lane);
    source.nextOffset = lane.position;
    return lane;
  }

  async #deliverBy(lane: ProfileLane, source: Source): Promise<string[]> {
    const findings: string[] = [];
    const calls: Promise<void>[] = [];
    while (source.nextOffset < endOf(source)) {
      const from = source.nextOffset;
      const through = Math.min(endOf(source) - 1, from + this.random.between(0, 9));
      source.nextOffset = through + 1;
      const batch = source.log.filter(({ entry }) => entry.offset >= from && entry.offset <= through);
      const entries = batch.map(({ entry }) => entry);
      const applied = lane.apply(entries, through).then((outcomes) => {
        outcomes.forEach((outcome, index) => findings.push(...this.#judge(source, batch[index]!, outcome)));
      });
      calls.push(applied);
    }
    await Promise.allSettled(calls);
    await Promise.all(calls);
    if (this.random.chance(0.3)) {
      await lane.settle();
      source.committed = this.random.between(this.#earliest(source), source.nextOffset);
    }
    return findings;
  }

  /** @returns sentences about users whose profile is not the oracle's, or who would be wrong in the tag store. */
  async compare(): Promise<string[]> {
    const bound = CUIDS.flatMap((cuid) => {
      const guid = this.#guids.get(cuid);
      return guid === undefined ? [] : [{ cuid, guid }];
    });
    const views = await this.profiles.profiles(bound, this.random.catalog.tags);
    return bound.flatMap(({ cuid, guid }, index) => {
      const expected = JSON.stringify(this.#expected(cuid));
      const shown = JSON.stringify(shownBy(views[index]));
      const given = JSON.stringify(views[index] === undefined ? null : sorted(this.#given.get(String(guid)) ?? {}));
      return [
        ...(shown === expected ? [] : [`${cuid}: shown ${shown}, expected ${expected}`]),
        ...(given === expected ? [] : [`${cuid}: given ${given}, expected ${expected}`]),
      ];
    });
  }

  /** Rows that a tag store would hold of users not erased, less those of the oracle. */
  surplusRows(): number {
    const guids = new Set(this.#guids.values());
    const held = [...this.#rows].filter((row) => guids.has(Number(row.split(' ')[0]) as Guid)).length;
    const expected = this.oracle.users().reduce((sum, user) => {
      return sum + [...user.rows.values()].reduce((rows, each) => rows + each.length, 0);
    }, 0);
    return held - expected;
  }

  /** From where on it may be delivered again: from what was not committed, and not a day ago. */
  #earliest({ log, committed, nextOffset }: Source): number {
    const recent = log.find(({ entry }) => entry.arrivalMs > this.#nowMs - REPEATED_WITHIN_MS);
    return Math.max(committed, Math.min(recent?.entry.offset ?? nextOffset, nextOffset));
  }

  #erase(cuid: string): Promise<Source> {
    const source = this.#source(ERASURES);
    const guid = this.#guids.get(cuid);
    if (guid !== undefined) {
      this.#append(source, cuid, 'erase', 'accepted');
      this.#guids.delete(cuid);
    }
    return this.oracle.erase(cuid).then(() => source);
  }

  #append(source: Source, cuid: string, content: TagMessage | 'erase', verdict: Verdict): void {
    let guid = this.#guids.get(cuid);
    if (guid === undefined) {
      this.#nextGuid += this.random.pick([1, 1, 3, 3_000]);
      guid = this.#nextGuid as Guid;
      this.#guids.set(cuid, guid);
    }
    const offset = endOf(source) + this.random.pick([0, 0, 0, 2]);
    source.log.push({ entry: { offset, cuid, guid, arrivalMs: this.#nowMs, content }, verdict });
  }

  #judge(source: Source, { entry, verdict }: Logged, outcome: ProfileOutcome): string[] {
    const isErased = this.#guids.get(entry.cuid) !== entry.guid;
    this.#give(source, entry, outcome);
    const is = codeOf(outcome.verdict);
    const was = codeOf(verdict);
    const isFine =
      is === was || (is === 'repeated' && (was === 'accepted' || was === 'stale')) || (is === 'retired' && isErased);
    return isFine ? [] : [`${source.name} ${entry.offset}: ${is}, expected ${was}`];
  }

  #give(source: Source, { guid, offset, content }: ProfileEntry, { verdict, fields }: ProfileOutcome): void {
    const isDone = verdict === 'accepted' || verdict === 'repeated';
    if (typeof content !== 'string' && content.type.kind === 'event' && isDone) {
      this.#rows.add(`${guid} ${source.name} ${offset}`);
    }
    this.#given.set(String(guid), { ...this.#given.get(String(guid)), ...statesOf(fields) });
  }

  #expected(cuid: string): GivenState | null {
    const user = this.oracle.userByCuid(cuid);
    if (user === undefined) return null;
    const states = [...user.fields.values()].map(({ tag, state }): FieldState => ({
      field: tag,
      value: state.value,
      timeMs: state.timeMs,
    }));
    return sorted(statesOf(states));
  }

  #source(name: string): Source {
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = { name, log: [], committed: 0, nextOffset: 0 };
      this.#sources.set(name, source);
    }
    return source;
  }
}

function endOf({ log }: Source): number {
  const last = log.at(-1);
  return last === undefined ? 0 : last.entry.offset + 1;
}

function codeOf(verdict: ProfileOutcome['verdict']): string {
  return typeof verdict === 'string' ? verdict : verdict.code;
}

function statesOf(fields: readonly FieldState[]): GivenState {
  return Object.fromEntries(fields.map(({ field, value, timeMs }) => [field.name, [value, timeMs]]));
}

function shownBy(view: ProfileView | undefined): GivenState | null {
  if (view === undefined) return null;
  const fields = view.tagStates().map(({ tag, value, timeMs }) => ({ field: tag, value, timeMs }));
  fields.forEach(({ field, value }) => demandEqual(view, field, value));
  return sorted(statesOf(fields));
}

/** One value is the same by both ways of asking. */
function demandEqual(view: ProfileView, tag: TagDefinition, value: unknown): void {
  const single = view.tagValue(tag)?.value ?? null;
  if (JSON.stringify(single) !== JSON.stringify(value)) throw new Error(`tagValue differs for ${tag.name}`);
}

function sorted(state: GivenState): GivenState {
  return Object.fromEntries(Object.entries(state).sort(([left], [right]) => (left < right ? -1 : 1)));
}
