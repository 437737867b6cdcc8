import { RoaringBitmap32 } from '@tessera/bitmap';
import type {
  Guid,
  SourcePosition,
  SourceProgress,
  TagDefinition,
  TagTypeDefinition,
  Verdict,
} from '@tessera/tag-catalog';
import { NO_TIME } from './columns/time-vector';
import { SharedTimes } from './columns/write-times';
import { EventState } from './events/event-state';
import { IdMemory } from './id-memory';
import type { IdentityPort } from './identity-port';
import type { ListState } from './lists/list-state';
import { guidAt, localOf, shardOf } from './shard';
import { Chunk, ChunkTracker } from './storage/chunk-tracker';
import { type MemoryBudget, Residency } from './storage/residency';
import { ImmediateIndexBuilder, type IndexBuilder } from './tags/index-builder';
import type { ScalarShard } from './tags/scalar-shard';
import type { SetShard } from './tags/set-shard';
import { TagState } from './tags/tag-state';

const ID_KEEP_MS = 7 * 86_400_000;
/** 2^32 − 1 itself is refused (DESIGN section 6). */
const GUID_MAX = 2 ** 32 - 2;
const NO_LIMIT: MemoryBudget = { bytesMax: Infinity, read: () => undefined };
const IMMEDIATE = new ImmediateIndexBuilder();

class IdentityBlock extends Chunk {
  constructor(
    readonly block: number,
    tracker: ChunkTracker,
    private readonly identity: IdentityPort,
  ) {
    super(`i/${block.toString().padStart(8, '0')}`, tracker);
  }

  serialize(): Buffer {
    return this.identity.serializeBlock(this.block);
  }
}

/** The tags of one profile or kv type with the write times they share. */
export class TypeState {
  readonly tags = new Map<number, TagState>();
  /** As `tags`, to walk over. */
  readonly tagList: TagState[] = [];
  readonly #times: (SharedTimes | undefined)[] = [];

  constructor(
    readonly typeId: number,
    private readonly storage: { readonly tracker: ChunkTracker; readonly residency: Residency },
    private readonly indexBuilder: IndexBuilder,
  ) {}

  sharedTimes(shard: number): SharedTimes {
    return (this.#times[shard] ??= new SharedTimes(this.typeId, shard, this.storage.tracker));
  }

  /** The shared time of a user, without making anything; NO_TIME for none. */
  timesAt(shard: number, local: number): number {
    return this.#times[shard]?.at(local) ?? NO_TIME;
  }

  loadTimes(shard: number, stored: Buffer): void {
    this.#times[shard] = new SharedTimes(this.typeId, shard, this.storage.tracker, stored);
  }

  eraseTimes(shard: number, local: number): void {
    const times = this.#times[shard];
    if (times?.get(local) !== undefined) {
      times.clear(local);
    }
  }

  get timesBytes(): number {
    return this.#times.reduce((sum, times) => sum + (times?.bytes ?? 0), 0);
  }

  tag(definition: TagDefinition): TagState {
    let state = this.tags.get(definition.id);
    if (state === undefined) {
      state = new TagState(definition, this.storage, (shard) => this.sharedTimes(shard), this.indexBuilder);
      this.tags.set(definition.id, state);
      this.tagList.push(state);
    }
    return state;
  }
}

/** Everything the engine knows, in memory. Changed by `apply*` functions alone, in log order. */
export class EngineState {
  readonly tracker = new ChunkTracker();
  readonly residency: Residency;
  readonly types = new Map<number, TypeState>();
  readonly events = new Map<number, EventState>();
  readonly lists = new Map<string, ListState>();
  readonly sources = new Map<string, SourceProgress>();
  /** Ids of tag types that ever had a message that left a trace: these can't be deleted. */
  readonly usedTypes = new Set<number>();
  readonly ids: IdMemory;
  appliedSequence = 0;
  /** UTC day of the last retention step. */
  retentionDay = 0;
  readonly #universe: RoaringBitmap32[] = [];
  readonly #universeVersions: number[] = [];
  readonly #identityBlocks: IdentityBlock[] = [];
  #known = 0;

  constructor(
    readonly identity: IdentityPort,
    private readonly options: {
      readonly idSeed: Uint32Array;
      readonly idEntriesMax: number;
      /** Default: indexes are built where they are first read. */
      readonly indexBuilder?: IndexBuilder;
      /** Default: everything stays in memory. */
      readonly memory?: MemoryBudget;
    },
  ) {
    this.residency = new Residency(this.tracker, options.memory ?? NO_LIMIT);
    this.ids = new IdMemory(options.idSeed, this.tracker, options.idEntriesMax, ID_KEEP_MS);
  }

  get shardCount(): number {
    return this.#universe.length;
  }

  /** Users known and not erased. */
  get knownUsers(): number {
    return this.#known;
  }

  /** The known users of a shard, as local positions; not to be changed. */
  universe(shard: number): RoaringBitmap32 {
    return (this.#universe[shard] ??= new RoaringBitmap32());
  }

  /** Grows whenever a user of the shard becomes known or is erased. */
  universeVersion(shard: number): number {
    return this.#universeVersions[shard] ?? 0;
  }

  isKnown(guid: number): boolean {
    return this.#universe[shardOf(guid)]?.has(localOf(guid)) ?? false;
  }

  tag(definition: TagDefinition): TagState {
    return this.type(definition.typeId).tag(definition);
  }

  /** As `tag`, without making anything. */
  findTag(definition: TagDefinition): TagState | undefined {
    return this.types.get(definition.typeId)?.tags.get(definition.id);
  }

  /** Of a tag; undefined: nobody of the shard ever had a value. */
  tagShard(typeId: number, tagId: number, shard: number): ScalarShard | SetShard | undefined {
    return this.types.get(typeId)?.tags.get(tagId)?.shard(shard);
  }

  type(typeId: number): TypeState {
    let state = this.types.get(typeId);
    if (state === undefined) {
      state = new TypeState(typeId, this, this.options.indexBuilder ?? IMMEDIATE);
      this.types.set(typeId, state);
    }
    return state;
  }

  eventType(type: TagTypeDefinition): EventState {
    let state = this.events.get(type.id);
    if (state === undefined) {
      state = new EventState(type, this);
      this.events.set(type.id, state);
    }
    return state;
  }

  /** What this source says was applied already. */
  hasApplied({ source, position }: SourcePosition): boolean {
    return position <= (this.sources.get(source)?.position ?? -Infinity);
  }

  /** Takes note of how far a source has come, and of what was refused. */
  advance({ source, position, mark, each = [] }: SourcePosition, verdicts: readonly Verdict[]): void {
    const refused = each.flatMap((at, index) => {
      const verdict = verdicts[index];
      return typeof verdict === 'object' ? [{ position: at, ...verdict }] : [];
    });
    this.sources.set(source, { position, refused, ...(mark === undefined ? {} : { mark }) });
  }

  /** No guid is left for a new user. */
  get isFull(): boolean {
    return this.identity.highestGuid >= GUID_MAX;
  }

  /** Gives a cuid that has none the next guid; its user is known from now on. */
  bind(cuid: string): Guid {
    const next = (this.identity.highestGuid + 1) as Guid;
    this.#identityBlock(this.identity.blockOf(next)).beforeWrite();
    const guid = this.identity.bind(cuid);
    this.universe(shardOf(guid)).add(localOf(guid));
    this.#universeVersions[shardOf(guid)] = this.universeVersion(shardOf(guid)) + 1;
    this.#known++;
    return guid;
  }

  /**
   * Binds cuids that are all new, to consecutive guids.
   * @returns the first guid.
   * @throws RangeError for one that is bound or stands there twice.
   */
  bindNew(cuids: readonly string[]): Guid {
    const guids = new Uint32Array(cuids.length);
    this.identity.lookupMany(cuids, guids);
    const known = guids.findIndex((guid) => guid !== 0);
    if (known !== -1) {
      throw new RangeError(`The cuid ${cuids[known]} is bound already: an import of users takes new ones only.`);
    }
    const first = (this.identity.highestGuid + 1) as Guid;
    const last = (this.identity.highestGuid + cuids.length) as Guid;
    for (let block = this.identity.blockOf(first); block <= this.identity.blockOf(last); block++) {
      this.#identityBlock(block).beforeWrite();
    }
    this.identity.bindMany(cuids, guids);
    const { highestGuid } = this.identity;
    for (let shard = shardOf(first); shard <= shardOf(highestGuid); shard++) {
      const from = Math.max(first, guidAt(shard, 0));
      const end = Math.min(highestGuid + 1, guidAt(shard + 1, 0));
      this.universe(shard).addRange(from - guidAt(shard, 0), end - guidAt(shard, 0));
      this.#universeVersions[shard] = this.universeVersion(shard) + 1;
    }
    this.#known += highestGuid + 1 - first;
    if (highestGuid < last) {
      throw new RangeError('A cuid stands twice among those to be bound: an import takes each user once.');
    }
    return first;
  }

  /** Takes everything of a user away and retires the guid. */
  erase(guid: Guid): void {
    const shard = shardOf(guid);
    const local = localOf(guid);
    for (const type of this.types.values()) {
      for (const tag of type.tags.values()) {
        const tagShard = tag.shard(shard);
        if (tagShard !== undefined && (tagShard.hasValue(local) || tagShard.times.get(local) !== undefined)) {
          tagShard.beforeWriteAt(local);
          tagShard.clear(local);
          tagShard.times.erase(local);
          tag.noteErasure();
        }
      }
      type.eraseTimes(shard, local);
    }
    for (const events of this.events.values()) {
      events.removeUser(shard, local);
    }
    for (const list of this.lists.values()) {
      list.remove(guid);
    }
    this.#identityBlock(this.identity.blockOf(guid)).beforeWrite();
    this.identity.erase(guid);
    this.universe(shard).remove(local);
    this.#universeVersions[shard] = this.universeVersion(shard) + 1;
    this.#known--;
  }

  /** After the identity blocks are loaded: everybody bound and not retired is known. */
  restoreUniverse(): void {
    const shards = this.identity.highestGuid === 0 ? 0 : shardOf(this.identity.highestGuid) + 1;
    for (let shard = 0; shard < shards; shard++) {
      const end = Math.min(guidAt(shard + 1, 0), this.identity.highestGuid + 1);
      const locals = RoaringBitmap32.fromRange(shard === 0 ? 1 : 0, end - guidAt(shard, 0));
      const retired: number[] = [];
      for (let guid = Math.max(1, guidAt(shard, 0)); guid < end; guid++) {
        if (this.identity.isRetired(guid as Guid)) {
          retired.push(localOf(guid));
        }
      }
      locals.removeMany(retired);
      this.#universe[shard] = locals;
      this.#known += locals.size;
    }
  }

  /** Frees the dictionary codes of texts that nobody has any more. */
  sweepTexts(): void {
    const steps = this.sweepSteps();
    while (steps.next().done !== true);
  }

  /** As `sweepTexts`, with pauses, in which messages may be applied. */
  *sweepSteps(): Generator<void> {
    for (const type of this.types.values()) {
      for (const tag of type.tags.values()) {
        yield* tag.sweepSteps();
      }
    }
    for (const events of this.events.values()) {
      events.sweepTexts();
      yield;
    }
  }

  #identityBlock(block: number): IdentityBlock {
    return (this.#identityBlocks[block] ??= new IdentityBlock(block, this.tracker, this.identity));
  }
}
