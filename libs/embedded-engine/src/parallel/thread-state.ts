import { PackedBitmaps, RoaringBitmap32 } from '@tessera/bitmap';
import type { EvaluationState, ScalarReader } from '../evaluate/evaluation-state';
import type { EventSource } from '../events/event-source';
import { bitmapOfWords } from '../tags/changed-positions';
import { scalarIndexOf } from '../tags/build-scalar-index';
import type { ScalarIndex } from '../tags/scalar-index';
import { ScalarView } from '../tags/scalar-view';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { ThreadEvents } from './thread-events';
import type { ScalarUpdate, UniverseUpdate } from './thread-messages';

/** A tag's shard in another thread. Values that can run out are not asked for here. */
class ThreadScalar extends ScalarView implements ScalarReader {
  readonly kind = 'scalars';

  timeOf(): number | undefined {
    throw new Error('Write times are not known in this thread.');
  }
}

/** What a thread knows of the engine's state: the pieces of shared memory it was sent. */
export class ThreadState implements EvaluationState {
  readonly lists = new Map<string, never>();
  readonly events = new ThreadEvents();
  readonly #tags = new Map<number, (ThreadScalar | undefined)[]>();
  readonly #universes: (RoaringBitmap32 | undefined)[] = [];

  get shardCount(): number {
    return this.#universes.length;
  }

  universe(shard: number): RoaringBitmap32 {
    return (this.#universes[shard] ??= new RoaringBitmap32());
  }

  tagShard(_typeId: number, tagId: number, shard: number): ThreadScalar | undefined {
    return this.#tags.get(tagId)?.[shard];
  }

  eventType({ id }: TagTypeDefinition): EventSource {
    return this.events.of(id);
  }

  forget(tagId: number, shard: number): void {
    const shards = this.#tags.get(tagId);
    if (shards !== undefined) {
      shards[shard] = undefined;
    }
  }

  updateUniverse({ shard, users }: UniverseUpdate): void {
    this.#universes[shard] = new PackedBitmaps(users).at(0);
  }

  updateScalar({ tagId, shard, column, index, changed }: ScalarUpdate): void {
    let shards = this.#tags.get(tagId);
    if (shards === undefined) {
      shards = [];
      this.#tags.set(tagId, shards);
    }
    let held: ScalarIndex | null;
    if (index === 'same') {
      held = shards[shard]?.index ?? null;
    } else {
      held = index === null ? null : scalarIndexOf(index);
    }
    const since = changed === null ? null : bitmapOfWords(changed.words, changed.count, changed.end);
    shards[shard] = new ThreadScalar(column, held, since);
  }
}
