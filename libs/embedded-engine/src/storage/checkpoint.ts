import type { Catalog, SourceProgress, TagTypeDefinition } from '@tessera/tag-catalog';
import { Dictionary } from '../columns/dictionary';
import { SharedTimes } from '../columns/write-times';
import type { EngineState } from '../engine-state';
import { EventBucket } from '../events/event-bucket';
import { IdMemory } from '../id-memory';
import { ListState } from '../lists/list-state';
import { TagShard } from '../tags/tag-shard';
import type { ManifestSum } from './chunk-manifest';
import type { CheckpointScope } from './chunk-tracker';
import { StoredChunks } from './stored-chunks';

/** Version of the chunks' bytes. A newer one is refused. */
const FORMAT = 1;
const META_KEY = 'meta';
/** Serialised, or handed over, between two turns of the event loop. */
const SLICE_BYTES = 1024 * 1024;
/** Handed over and not on disk yet: past it the checkpoint waits. */
const UNWRITTEN_BYTES_MAX = 64 * 1024 * 1024;

/** A commit in the making: nobody sees what is put before `commit` resolves, and then all of it is durable, or none. */
export interface ChunkStagingPort {
  /** Resolves when the value's memory is free again. */
  put(key: string, value: Buffer): Promise<void>;
  commit(removes: readonly string[]): Promise<void>;
  abandon(): Promise<void>;
}

/** What the engine needs of the chunk store. */
export interface ChunkStorePort {
  get(key: string): Buffer | undefined;
  /** In order. */
  keys(prefix: string): readonly string[];
  entries(prefix: string): Iterable<[string, Buffer]>;
  stage(): ChunkStagingPort;
}

export interface CheckpointOptions {
  /** Lets the event loop turn; when it resolves, nobody may rely on the state to stand still. */
  readonly turn?: () => Promise<void>;
  readonly sliceBytes?: number;
}

interface Meta {
  readonly format: number;
  readonly appliedSequence: number;
  readonly retentionDay: number;
  readonly firstId: number;
  readonly sources: readonly (readonly [source: string, SourceProgress])[];
  readonly usedTypes: readonly number[];
  /** Newest time written of each tag. */
  readonly lastWrites: readonly (readonly [tagId: number, timeMs: number])[];
  /** Of all chunks but this one. */
  readonly chunks: ManifestSum;
  /** `IdMemory.seedCheck` */
  readonly seedCheck: number;
}

/**
 * Writes the state of this moment: all chunks changed since the last checkpoint, in one transaction. Intake goes on meanwhile (see
 * `ChunkTracker`). After a failure nothing has changed on disk and the chunks wait for the next attempt.
 *
 * @returns the sequence up to which the log is now covered, and the bytes written.
 */
export async function writeCheckpoint(
  state: EngineState,
  chunks: ChunkStorePort,
  { turn = nextTurn, sliceBytes = SLICE_BYTES }: CheckpointOptions = {},
): Promise<{ readonly sequence: number; readonly bytes: number }> {
  const staging = chunks.stage();
  const scope = state.tracker.begin();
  const sequence = state.appliedSequence;
  try {
    const stager = new Stager(staging, sliceBytes, turn);
    await stager.put(META_KEY, serializeMeta(state, scope));
    for (;;) {
      await turn();
      const slice = state.tracker.take(sliceBytes);
      if (slice.length === 0) {
        break;
      }
      for (const [key, bytes] of slice) {
        await stager.put(key, bytes);
      }
    }
    await staging.commit(scope.removes);
    state.tracker.end(scope, false);
    return { sequence, bytes: stager.bytes };
  } catch (error) {
    state.tracker.end(scope, true);
    await staging.abandon();
    throw error;
  }
}

/** Hands chunks over, with few bytes on their way at a time. */
class Stager {
  bytes = 0;
  #unwritten = 0;
  #sinceTurn = 0;
  readonly #writes = new Set<Promise<void>>();

  constructor(
    private readonly staging: ChunkStagingPort,
    private readonly sliceBytes: number,
    private readonly turn: () => Promise<void>,
  ) {}

  async put(key: string, value: Buffer): Promise<void> {
    while (this.#unwritten > UNWRITTEN_BYTES_MAX) {
      await Promise.race(this.#writes);
    }
    this.bytes += value.length;
    this.#unwritten += value.length;
    // A put that fails makes the commit fail.
    const write = this.staging
      .put(key, value)
      .catch(() => undefined)
      .then(() => {
        this.#unwritten -= value.length;
        this.#writes.delete(write);
      });
    this.#writes.add(write);
    this.#sinceTurn += value.length;
    if (this.#sinceTurn >= this.sliceBytes) {
      this.#sinceTurn = 0;
      await this.turn();
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function serializeMeta(state: EngineState, scope: CheckpointScope): Buffer {
  const meta: Meta = {
    format: FORMAT,
    appliedSequence: state.appliedSequence,
    retentionDay: state.retentionDay,
    firstId: state.ids.first,
    sources: [...state.sources],
    usedTypes: [...state.usedTypes],
    lastWrites: lastWritesOf(state),
    chunks: state.tracker.manifest.sumAfter(scope),
    seedCheck: state.ids.seedCheck,
  };
  return Buffer.from(JSON.stringify(meta));
}

function lastWritesOf(state: EngineState): [number, number][] {
  const times: [number, number][] = [];
  for (const type of state.types.values()) {
    for (const tag of type.tags.values()) {
      if (tag.lastWriteMs !== null) {
        times.push([tag.tag.id, tag.lastWriteMs]);
      }
    }
  }
  return times;
}

/**
 * Fills an empty state from the last checkpoint; leaves it empty if there is none.
 * @throws Error naming the chunk and the reason if one can't be read, one is missing, the format is newer, or the catalogue is not the one it was
 * written with.
 */
export function loadCheckpoint(state: EngineState, store: ChunkStorePort, catalog: Catalog): void {
  const chunks = new StoredChunks(store, state.tracker.manifest, META_KEY);
  const stored = chunks.get(META_KEY);
  if (stored === undefined) {
    demandChunks([0, 0], state.tracker.manifest.sum);
    return;
  }
  const meta = readMeta(stored);
  demandChunks(meta.chunks, state.tracker.manifest.sum);
  if (meta.seedCheck !== state.ids.seedCheck) {
    throw new Error(
      'The checkpoint was written with another secret: the file secret of the data directory is damaged or of another directory. Restore it from a backup.',
    );
  }
  for (const typeId of meta.usedTypes) {
    if (catalog.typeById(typeId) === undefined) {
      throw new Error(
        `The data directory has data of tag type ${typeId}, which its catalogue does not know: the two do not belong together. Restore both from one backup.`,
      );
    }
    state.usedTypes.add(typeId);
  }
  state.appliedSequence = meta.appliedSequence;
  state.retentionDay = meta.retentionDay;
  for (const [source, progress] of meta.sources) {
    state.sources.set(source, progress);
  }
  state.ids.load(chunks.entries(IdMemory.keyPrefix), meta.firstId);
  eachChunk(chunks, 'i/', (block, bytes) => {
    state.identity.loadBlock(block, bytes);
  });
  state.restoreUniverse();
  for (const [key, bytes] of chunks.entries(ListState.keyPrefix)) {
    const list = reading(key, () => ListState.load(bytes, state.tracker));
    state.lists.set(list.id, list);
  }
  const lastWrites = new Map(meta.lastWrites);
  for (const type of [...catalog.types, ...catalog.retiredTypes]) {
    if (type.kind === 'event') {
      loadEvents(state, chunks, type);
    } else {
      loadTags(state, chunks, type, lastWrites);
    }
  }
}

/** Each value has a checksum, but what the store shows of its keys has none. */
function demandChunks(written: ManifestSum, found: ManifestSum): void {
  if (written[0] !== found[0] || written[1] !== found[1]) {
    throw new Error(
      `The checkpoint was written with ${written[0]} chunks, but the store shows ${found[0]}, and not the same ones: chunks are lost. Restore the data directory from a backup.`,
    );
  }
}

function readMeta(stored: Buffer): Meta {
  const meta = reading(META_KEY, () => JSON.parse(stored.toString('utf8')) as Meta);
  if (meta.format > FORMAT) {
    throw new Error(
      `The data directory holds engine format ${meta.format}; this version reads up to ${FORMAT}. Start a newer version.`,
    );
  }
  return meta;
}

function loadEvents(state: EngineState, chunks: StoredChunks, type: TagTypeDefinition): void {
  const events = state.eventType(type);
  for (const property of type.properties) {
    const { dictionary } = events.property(property);
    eachChunk(chunks, Dictionary.keyPrefix(property.id), (block, bytes) => {
      dictionary.load(block, bytes);
    });
  }
  for (const [key, bytes] of chunks.entries(EventBucket.keyPrefix(type.id))) {
    const parts = key.split('/');
    reading(key, () => {
      events.load(Number(parts[2]), Number(parts[3]), bytes);
    });
    makeRoom(state);
  }
}

function loadTags(
  state: EngineState,
  chunks: StoredChunks,
  type: TagTypeDefinition,
  lastWrites: ReadonlyMap<number, number>,
): void {
  const typeState = state.type(type.id);
  eachChunk(chunks, SharedTimes.keyPrefix(type.id), (shard, bytes) => {
    typeState.loadTimes(shard, bytes);
  });
  for (const definition of type.tags) {
    const tag = typeState.tag(definition);
    eachChunk(chunks, Dictionary.keyPrefix(definition.id), (block, bytes) => {
      tag.dictionary.load(block, bytes);
    });
    eachChunk(chunks, TagShard.keyPrefix(definition.id), (shard, bytes) => {
      tag.loadShard(shard, bytes);
      makeRoom(state);
    });
    const lastWriteMs = lastWrites.get(definition.id);
    if (lastWriteMs !== undefined) {
      tag.restoreLastWrite(lastWriteMs);
    }
  }
}

/** What has been loaded leaves again where the memory budget is too small for it. */
function makeRoom({ residency }: EngineState): void {
  if (residency.isLookDue) {
    residency.look();
  }
}

/** Hands over the chunks whose keys end in a number, in order of the numbers. */
function eachChunk(chunks: StoredChunks, prefix: string, load: (number: number, bytes: Buffer) => void): void {
  for (const [key, bytes] of chunks.entries(prefix)) {
    reading(key, () => {
      load(Number(key.slice(key.lastIndexOf('/') + 1)), bytes);
    });
  }
}

/** A chunk passed its checksum; what can't be read all the same was written by something else than this version. */
function reading<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(
      `The entry ${key} of the checkpoint can't be read (${error instanceof Error ? error.message : String(error)}). Restore the data directory from a backup.`,
      { cause: error },
    );
  }
}
