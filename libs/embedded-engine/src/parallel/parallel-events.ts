import { BitmapPacker, type RoaringBitmap32 } from '@tessera/bitmap';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import type { EngineState } from '../engine-state';
import { coverFrom } from '../evaluate/build-recent-times';
import type { KeptFrom, ShardEvaluator } from '../evaluate/shard-evaluator';
import { type EventLeaf, type RowWindow, rowWindowsOf } from '../evaluate/row-windows';
import type { EventBucket } from '../events/event-bucket';
import type { WantedTimes } from '../events/recent-times-cache';
import { RecentTimes } from '../events/recent-times';
import type { BuiltTimes, EventsOfTask, GivenUsers, RowsUpdate, TimesOrder } from './thread-messages';
import type { EvaluationThread } from './thread-pool';

interface Wanted {
  readonly eventType: TagTypeDefinition;
  readonly times: WantedTimes;
}

/** What the newest rows of users say about the event leaves of a question, and what is to be kept of them from now on. */
export class EventShare {
  readonly #keptFromMs: ReadonlyMap<number, number>;
  /** By shard, then by type: the last one asks for what all before it do. */
  readonly #wanted = new Map<number, Map<number, Wanted>>();
  /** By shard, then by key of the leaf. */
  readonly #given = new Map<number, ReadonlyMap<string, RoaringBitmap32>>();

  constructor(
    private readonly state: EngineState,
    private readonly leaves: readonly EventLeaf[],
    private readonly keptFrom: KeptFrom,
  ) {
    this.#keptFromMs = new Map(leaves.flatMap(eventTypesOf).map((type) => [type.id, keptFrom(type)]));
  }

  /**
   * Decides the leaves that can be decided without a scan.
   * @returns whether these are all.
   */
  decide(evaluator: ShardEvaluator, shard: number): boolean {
    const given = new Map<string, RoaringBitmap32>();
    for (const leaf of this.leaves) {
      const users = evaluator.byRecent(leaf, (times) => {
        this.#want(shard, leaf, times);
      });
      if (users !== null) {
        given.set(leaf.key, users);
      }
    }
    if (given.size === this.leaves.length) {
      return true;
    }
    this.#given.set(shard, given);
    return false;
  }

  /** Newest rows of this shard's users are to be kept from now on: more work than a scan, and something to take over. */
  hasOrders(shard: number): boolean {
    return this.#wanted.has(shard);
  }

  /** What the thread needs for some shards. To be posted in the turn of the event loop in which the rows were asked for. */
  taskOf(shards: readonly number[], rows: readonly RowsUpdate[]): EventsOfTask {
    return {
      rows,
      given: shards.flatMap((shard) => this.#givenIn(shard)),
      orders: shards.flatMap((shard) => this.#ordersOf(shard)),
      keptFromMs: this.#keptFromMs,
    };
  }

  /** Keeps what was ordered. */
  keep({ typeId, shard, parts }: BuiltTimes): void {
    const wanted = this.#wanted.get(shard)?.get(typeId);
    if (wanted !== undefined) {
      this.state.eventType(wanted.eventType).recentTimes.keep(shard, RecentTimes.ofParts(parts), wanted.times);
    }
  }

  /** The buckets that the thread does not know as they are now. Counted as sent: what leaves memory later is told the thread afterwards. */
  updates(thread: EvaluationThread, shard: number): readonly RowsUpdate[] {
    const given = this.#given.get(shard);
    const windows = this.leaves
      .filter(({ key }) => given?.has(key) !== true)
      .flatMap((leaf) => rowWindowsOf(leaf, this.keptFrom));
    for (const { eventType, times } of this.#wanted.get(shard)?.values() ?? []) {
      windows.push({ eventType, fromMs: coverFrom(times), toMs: Infinity });
    }
    return windows.flatMap((window) => this.#updatesOf(thread, shard, window));
  }

  #givenIn(shard: number): GivenUsers[] {
    return [...(this.#given.get(shard) ?? [])].map(([key, users]) => {
      const packer = new BitmapPacker();
      packer.add(users);
      return { shard, key, users: packer.finish().parts };
    });
  }

  #ordersOf(shard: number): TimesOrder[] {
    const wanted = [...(this.#wanted.get(shard)?.values() ?? [])];
    return wanted.map(({ eventType, times }) => ({ eventType, shard, depth: times.depth, fromMs: times.fromMs }));
  }

  #updatesOf(thread: EvaluationThread, shard: number, { eventType, fromMs, toMs }: RowWindow): RowsUpdate[] {
    const updates: RowsUpdate[] = [];
    for (const bucket of this.state.eventType(eventType).bucketsToScan(shard, fromMs, toMs)) {
      if (thread.sent.get(bucket.key) !== bucket.version) {
        thread.sent.set(bucket.key, bucket.version);
        updates.push(updateOf(bucket, eventType.id, shard));
      }
    }
    return updates;
  }

  #want(shard: number, leaf: EventLeaf, times: WantedTimes): void {
    if (leaf.kind === 'events') {
      const ofShard = this.#wanted.get(shard) ?? new Map<number, Wanted>();
      ofShard.set(leaf.eventType.id, { eventType: leaf.eventType, times });
      this.#wanted.set(shard, ofShard);
    }
  }
}

function eventTypesOf(leaf: EventLeaf): readonly TagTypeDefinition[] {
  return leaf.kind === 'events' ? [leaf.eventType] : leaf.sequence.steps.map(({ eventType }) => eventType);
}

function updateOf(bucket: EventBucket, typeId: number, shard: number): RowsUpdate {
  const { key, day, rows, orderedRows, locals, timesOfDay } = bucket;
  const columns = [...bucket.columns()].map(
    ([id, { data, missing, length }]) => [id, { data, missing, length }] as const,
  );
  return { key, typeId, shard, day, rows, orderedRows, locals, timesOfDay, columns };
}
