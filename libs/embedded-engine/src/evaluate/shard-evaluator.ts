import type { EventScanNode } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { IntersectSet, type LazySet, nobody, PlainSet, UniteSet, Without } from '../bitmaps/lazy-set';
import type { EventState } from '../events/event-state';
import { SHARD_SIZE } from '../shard';
import { evaluateEventScan } from './evaluate-event-scan';
import { evaluateSequenceScan } from './evaluate-sequence-scan';
import { evaluateTagTest } from './evaluate-tag-test';
import type { EvaluationState } from './evaluation-state';
import type { LoweredNode, LoweredTest } from './lowered-plan';

/** Past this many bitmap operations a threshold is counted user by user instead. */
const THRESHOLD_OPERATIONS_MAX = 64;
const NONE: ReadonlySet<string> = new Set();

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
        return new PlainSet(this.#eventScan(node.scan), true);
      case 'sequence':
        return new PlainSet(
          evaluateSequenceScan(node.scan, this.shard, (type) => ({
            events: this.#eventsOf(type),
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

  #eventScan(node: EventScanNode): RoaringBitmap32 {
    const scan = {
      events: this.#eventsOf(node.eventType),
      shard: this.shard,
      where: node.where,
      interval: node.interval,
      keptFromMs: this.keptFrom(node.eventType),
    };
    return evaluateEventScan(node, scan, this.state.universe(this.shard));
  }

  #eventsOf(type: TagTypeDefinition): EventState {
    return this.state.eventType(type);
  }

  /** Users in at least k of the inputs. Few inputs: level j holds those seen j times so far; many: a counter a user. */
  #threshold(node: Threshold): RoaringBitmap32 {
    const inputs = node.inputs.map((input) => this.#set(input).operand().bitmap);
    const { atLeast } = node;
    if (inputs.length * atLeast > THRESHOLD_OPERATIONS_MAX) {
      return countedThreshold(inputs, atLeast);
    }
    const levels = Array.from({ length: atLeast }, () => new RoaringBitmap32());
    for (const input of inputs) {
      for (let level = atLeast - 1; level > 0; level--) {
        levels[level]!.orInPlace(RoaringBitmap32.and(levels[level - 1]!, input));
      }
      levels[0]!.orInPlace(input);
    }
    return levels[atLeast - 1] ?? new RoaringBitmap32();
  }
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
