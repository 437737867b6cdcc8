import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import type { LazySet } from '../bitmaps/lazy-set';
import type { EventSource } from '../events/event-source';

interface TimedReader {
  /** Users with a value (TTL not judged); not to be changed. */
  readonly present: RoaringBitmap32;
  /** Time of the last plain write of a user's value; undefined: never. */
  timeOf(local: number): number | undefined;
}

/** The values of one tag in one shard, one number a user. */
export interface ScalarReader extends TimedReader {
  readonly kind: 'scalars';
  /** Users with one of the numbers (distinct). */
  oneOf(numbers: readonly number[]): LazySet;
  /** Users with low ≤ value ≤ high. */
  between(low: number, high: number): LazySet;
  /** Users whose value meets a condition that no index knows. */
  where(meets: (value: number) => boolean): LazySet;
}

/** The values of one tag in one shard, a set a user. */
export interface SetReader extends TimedReader {
  readonly kind: 'sets';
  /** Users with at least one of the elements, as a new bitmap. */
  withAny(codes: readonly number[]): RoaringBitmap32;
  /** Users with the element; undefined: nobody. Not to be changed. */
  withElement(code: number): RoaringBitmap32 | undefined;
}

export type ShardReader = ScalarReader | SetReader;

/** What an evaluation reads: the engine's state, or what another thread sees of it. */
export interface EvaluationState {
  readonly shardCount: number;
  /** The known users of a shard; not to be changed. */
  universe(shard: number): RoaringBitmap32;
  /** Undefined: nobody of the shard has a value of the tag. */
  tagShard(typeId: number, tagId: number, shard: number): ShardReader | undefined;
  eventType(type: TagTypeDefinition): EventSource;
  readonly lists: { get(id: string): { shard(index: number): RoaringBitmap32 | undefined } | undefined };
}
