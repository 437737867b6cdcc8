import type { Catalog } from '@tessera/tag-catalog';
import { Dictionary } from '../columns/dictionary';
import { SharedTimes } from '../columns/write-times';
import type { EngineState } from '../engine-state';
import { EventBucket } from '../events/event-bucket';
import { IdMemory } from '../id-memory';
import { ListState } from '../lists/list-state';
import { TagShard } from '../tags/tag-shard';

/** Version of the chunks' bytes. A newer one is refused. */
const FORMAT = 1;
const META_KEY = 'meta';
/** Serialised between two looks at the event loop. */
const SLICE_BYTES = 4 * 1024 * 1024;

/** What the engine needs of the chunk store; all of `commit` is durable when it resolves, or none of it. */
export interface ChunkStorePort {
  get(key: string): Buffer | undefined;
  entries(prefix: string): Iterable<[string, Buffer]>;
  commit(changes: {
    readonly puts: readonly (readonly [string, Buffer])[];
    readonly removes: readonly string[];
  }): Promise<void>;
}

interface Meta {
  readonly format: number;
  readonly appliedSequence: number;
  readonly retentionDay: number;
  readonly firstId: number;
  readonly sources: readonly (readonly [string, number])[];
  readonly usedTypes: readonly number[];
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
): Promise<{ readonly sequence: number; readonly bytes: number }> {
  const scope = state.tracker.begin();
  const sequence = state.appliedSequence;
  const meta = serializeMeta(state);
  try {
    const puts: (readonly [string, Buffer])[] = [[META_KEY, meta]];
    for (;;) {
      const slice = state.tracker.take(SLICE_BYTES);
      if (slice.length === 0) {
        break;
      }
      puts.push(...slice);
      await new Promise((resolve) => setImmediate(resolve));
    }
    puts.sort(([a], [b]) => (a < b ? -1 : 1));
    await chunks.commit({ puts, removes: scope.removes });
    state.tracker.end(scope, false);
    return { sequence, bytes: puts.reduce((sum, [, buffer]) => sum + buffer.length, 0) };
  } catch (error) {
    state.tracker.end(scope, true);
    throw error;
  }
}

function serializeMeta(state: EngineState): Buffer {
  const meta: Meta = {
    format: FORMAT,
    appliedSequence: state.appliedSequence,
    retentionDay: state.retentionDay,
    firstId: state.ids.first,
    sources: [...state.sources],
    usedTypes: [...state.usedTypes],
  };
  return Buffer.from(JSON.stringify(meta));
}

/** Fills an empty state from the last checkpoint; leaves it empty if there is none. */
export function loadCheckpoint(state: EngineState, chunks: ChunkStorePort, catalog: Catalog): void {
  const stored = chunks.get(META_KEY);
  if (stored === undefined) {
    return;
  }
  const meta = JSON.parse(stored.toString('utf8')) as Meta;
  if (meta.format > FORMAT) {
    throw new Error(
      `The data directory holds engine format ${meta.format}; this version reads up to ${FORMAT}. Start a newer version.`,
    );
  }
  state.appliedSequence = meta.appliedSequence;
  state.retentionDay = meta.retentionDay;
  for (const [source, position] of meta.sources) {
    state.sources.set(source, position);
  }
  for (const typeId of meta.usedTypes) {
    state.usedTypes.add(typeId);
  }
  state.ids.load(chunks.entries(IdMemory.keyPrefix), meta.firstId);
  for (const [key, bytes] of chunks.entries('i/')) {
    state.identity.loadBlock(lastPart(key), bytes);
  }
  state.restoreUniverse();
  for (const [, bytes] of chunks.entries(ListState.keyPrefix)) {
    const list = ListState.load(bytes, state.tracker);
    state.lists.set(list.id, list);
  }
  loadTypes(state, chunks, catalog);
}

function loadTypes(state: EngineState, chunks: ChunkStorePort, catalog: Catalog): void {
  for (const type of [...catalog.types, ...catalog.retiredTypes]) {
    if (type.kind === 'event') {
      const events = state.eventType(type);
      for (const property of type.properties) {
        for (const [, bytes] of chunks.entries(Dictionary.keyPrefix(property.id))) {
          events.property(property).dictionary.load(bytes);
        }
      }
      for (const [key, bytes] of chunks.entries(EventBucket.keyPrefix(type.id))) {
        const parts = key.split('/');
        events.load(Number(parts[2]), Number(parts[3]), bytes);
      }
      continue;
    }
    const typeState = state.type(type.id);
    for (const [key, bytes] of chunks.entries(SharedTimes.keyPrefix(type.id))) {
      typeState.loadTimes(lastPart(key), bytes);
    }
    for (const definition of type.tags) {
      const tag = typeState.tag(definition);
      for (const [, bytes] of chunks.entries(Dictionary.keyPrefix(definition.id))) {
        tag.dictionary.load(bytes);
      }
      for (const [key, bytes] of chunks.entries(TagShard.keyPrefix(definition.id))) {
        tag.loadShard(lastPart(key), bytes);
      }
    }
  }
}

function lastPart(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1));
}
