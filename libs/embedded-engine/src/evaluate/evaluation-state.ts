import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import type { EventState } from '../events/event-state';
import type { TagState } from '../tags/tag-state';

/** What an evaluation reads: the engine's state, or what another thread sees of it. */
export interface EvaluationState {
  readonly shardCount: number;
  /** The known users of a shard; not to be changed. */
  universe(shard: number): RoaringBitmap32;
  findTag(definition: TagDefinition): TagState | undefined;
  eventType(type: TagTypeDefinition): EventState;
  readonly lists: { get(id: string): { shard(index: number): RoaringBitmap32 | undefined } | undefined };
}
