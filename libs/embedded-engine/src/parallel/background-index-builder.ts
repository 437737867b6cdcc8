import type { EngineState } from '../engine-state';
import { CHANGED_MAX, type IndexBuilder, type IndexedShard } from '../tags/index-builder';
import { scalarIndexOf } from '../tags/build-scalar-index';
import type { ThreadPool } from './thread-pool';

/** Columns up to this long are built where they are asked for, in about 0.1 ms. */
const SMALL_MAX = 8192;
/** Builds under way in each thread: questions come in between. */
const BUILDS_PER_THREAD = 1;

/** Builds indexes in other threads. Until one is there, the older one is used, or the column is scanned. */
export class BackgroundIndexBuilder implements IndexBuilder {
  readonly #due = new Set<IndexedShard>();
  #underWay = 0;
  #isStopped = false;

  constructor(
    private readonly pool: ThreadPool,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** No more are begun; those under way end with their thread. */
  stop(): void {
    this.#isStopped = true;
    this.#due.clear();
  }

  /** Builds not finished. */
  get waiting(): number {
    return this.#due.size + this.#underWay;
  }

  isDue(shard: IndexedShard): boolean {
    return (shard.index === null || shard.changedSinceIndex.count > CHANGED_MAX) && !shard.isBeingBuilt;
  }

  build(shard: IndexedShard): void {
    if (shard.column.length <= SMALL_MAX) {
      shard.buildIndex();
      return;
    }
    this.#due.add(shard);
    this.#next();
  }

  /** Has every index built that is not there, so that the first questions need not ask for them. */
  buildAll(state: EngineState): void {
    for (const type of state.types.values()) {
      for (const tag of type.tags.values()) {
        for (let index = 0; index < tag.shardCount; index++) {
          const shard = tag.scalarShard(index);
          if (shard !== undefined && this.isDue(shard)) {
            this.#due.add(shard);
          }
        }
      }
    }
    this.#next();
  }

  #next(): void {
    for (const shard of this.#due) {
      if (this.#underWay >= this.pool.threads.length * BUILDS_PER_THREAD) {
        return;
      }
      this.#due.delete(shard);
      if (!shard.isBeingBuilt) {
        this.#underWay++;
        void this.#build(shard).finally(() => {
          this.#underWay--;
          this.#next();
        });
      }
    }
  }

  async #build(shard: IndexedShard): Promise<void> {
    shard.beginBuild();
    const { data, missing, length } = shard.column;
    const column = { data, missing, length };
    try {
      const answer = await this.pool.idlest.ask((id) => ({ kind: 'build', id, column, ordinal: shard.ordinal }));
      if (answer.kind === 'built') {
        shard.finishBuild(scalarIndexOf(answer.index));
        for (const thread of this.pool.threads) {
          thread.forget(shard.tagId, shard.shard);
        }
      }
    } catch (error) {
      // Not left to the next question: it would be asked for again and again.
      if (!this.#isStopped) {
        shard.buildIndex();
        this.onError(error);
      }
    }
  }
}
