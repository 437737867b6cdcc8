import { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { copyOf } from '../bitmaps/arena';
import { IntersectSet, type LazySet, nobody, PlainSet, UniteSet, Without } from '../bitmaps/lazy-set';
import type { WantedTimes } from '../events/recent-times-cache';
import { SHARD_SIZE } from '../shard';
import { evaluateEventScan } from './evaluate-event-scan';
import { evaluateSequenceScan } from './evaluate-sequence-scan';
import { evaluateTagTest } from './evaluate-tag-test';
import type { EvaluationState } from './evaluation-state';
import type { LoweredNode, LoweredTest } from './lowered-plan';
import { recentUsers } from './recent-users';
import type { RowScan } from './row-scan';
import type { EventLeaf } from './row-windows';

/** Past this many bitmap operations a threshold is counted user by user instead. */
const THRESHOLD_OPERATIONS_MAX = 64;
const NONE: ReadonlySet<string> = new Set();
/** Not to be changed. */
const NOBODY = new RoaringBitmap32();
const { max, min } = Math;

type Threshold = Extract<LoweredNode, { readonly kind: 'threshold' }>;

/** First instant whose rows of a type are kept; −Infinity without retention. */
export type KeptFrom = (type: TagTypeDefinition) => number;

/**
 * Evaluates plan nodes on one shard at one moment: make one for each shard and question, use it synchronously. Bitmaps hold local positions.
 */
export class ShardEvaluator {
  readonly #results = new Map<string, RoaringBitmap32>();
  readonly #repeated: ReadonlySet<string>;

  /** @param repeated keys of nodes that are asked for more than once, as a root or below several others: each is evaluated once. */
  constructor(
    private readonly state: EvaluationState,
    private readonly shard: number,
    private readonly keptFrom: KeptFrom,
    repeated: ReadonlySet<string> = NONE,
  ) {
    this.#repeated = repeated;
  }

  /** The node's users; not to be changed. */
  bitmap(node: LoweredNode): RoaringBitmap32 {
    const known = this.#results.get(node.key);
    if (known !== undefined) {
      return known;
    }
    const { bitmap } = this.#evaluate(node).operand();
    this.#results.set(node.key, bitmap);
    return bitmap;
  }

  /** The node's size, without building its bitmap where the last operation can count instead. */
  count(node: LoweredNode): number {
    return this.#set(node).count();
  }

  /** Takes a node's users as given. */
  give(key: string, users: RoaringBitmap32): void {
    this.#results.set(key, users);
  }

  /**
   * The leaf's users by what is kept of their newest rows, also for later calls; null: the rows have to be scanned.
   * @param onWanted told what is to be kept for leaves like this one.
   */
  byRecent(leaf: EventLeaf, onWanted: (wanted: WantedTimes) => void): RoaringBitmap32 | null {
    const users =
      leaf.kind === 'events'
        ? recentUsers(leaf.goal, { ...this.#scanOf(leaf), onWanted }, this.state.universe(this.shard))
        : null;
    if (users !== null) {
      this.give(leaf.key, users);
    }
    return users;
  }

  #set(node: LoweredNode): LazySet {
    const known = this.#results.get(node.key);
    if (known !== undefined) {
      return new PlainSet(known);
    }
    return this.#repeated.has(node.key) ? new PlainSet(this.bitmap(node)) : this.#evaluate(node);
  }

  #evaluate(node: LoweredNode): LazySet {
    switch (node.kind) {
      case 'universe':
        return new PlainSet(this.state.universe(this.shard));
      case 'empty':
        return nobody();
      case 'tests':
        return new IntersectSet(node.tests.map((test) => this.#test(test)));
      case 'events':
        return new PlainSet(evaluateEventScan(node.goal, this.#scanOf(node), this.state.universe(this.shard)), true);
      case 'sequence':
        return new PlainSet(
          evaluateSequenceScan(node.sequence, this.shard, (type) => ({
            events: this.state.eventType(type),
            keptFromMs: this.keptFrom(type),
          })),
          true,
        );
      case 'list': {
        const members = this.state.lists.get(node.listId)?.shard(this.shard);
        return members === undefined ? nobody() : new PlainSet(members);
      }
      case 'intersect':
        return new IntersectSet(node.inputs.map((input) => this.#set(input)));
      case 'union':
        return new UniteSet(node.inputs.map((input) => this.#set(input)));
      case 'difference':
        return new IntersectSet([
          this.#set(node.left),
          new Without(new PlainSet(this.state.universe(this.shard)), this.#set(node.right), true),
        ]);
      case 'threshold':
        return new PlainSet(this.#threshold(node), true);
    }
  }

  #test(test: LoweredTest): LazySet {
    const shard = this.state.tagShard(test.typeId, test.tagId, this.shard);
    return evaluateTagTest(test, shard, this.state.universe(this.shard));
  }

  #scanOf({ eventType, where, interval }: Extract<EventLeaf, { readonly kind: 'events' }>): RowScan {
    const { shard } = this;
    return { events: this.state.eventType(eventType), shard, where, interval, keptFromMs: this.keptFrom(eventType) };
  }

  /** Users in at least k of the inputs. Few inputs: level j holds those seen j times so far; many: a counter a user. */
  #threshold(node: Threshold): RoaringBitmap32 {
    const inputs = node.inputs.map((input) => this.#set(input).operand().bitmap);
    const { atLeast } = node;
    if (inputs.length * atLeast > THRESHOLD_OPERATIONS_MAX) {
      return countedThreshold(inputs, atLeast);
    }
    return seenAtLeast(inputs, atLeast);
  }
}

/**
 * Level j holds those seen more than j times so far; no level is brought up to date that can't be reached yet, or that can't reach `atLeast` any
 * more with the inputs that are left.
 */
function seenAtLeast(inputs: readonly RoaringBitmap32[], atLeast: number): RoaringBitmap32 {
  const top = atLeast - 1;
  const levels = Array.from({ length: atLeast }, () => copyOf(NOBODY));
  const both = copyOf(NOBODY);
  inputs.forEach((input, seen) => {
    const lowest = max(0, atLeast + seen - inputs.length);
    for (let level = min(seen, top); level >= lowest; level--) {
      const entering = level === 0 ? input : both.copyFrom(levels[level - 1]).andInPlace(input);
      levels[level]!.orInPlace(entering);
    }
  });
  return levels[top] ?? new RoaringBitmap32();
}

function countedThreshold(inputs: readonly RoaringBitmap32[], atLeast: number): RoaringBitmap32 {
  const counts = new Uint16Array(SHARD_SIZE);
  const members: number[] = [];
  for (const input of inputs) {
    for (const local of input.toUint32Array()) {
      const count = counts[local]! + 1;
      counts[local] = count;
      if (count === atLeast) {
        members.push(local);
      }
    }
  }
  return new RoaringBitmap32(members);
}
