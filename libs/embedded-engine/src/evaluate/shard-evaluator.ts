import type { PlanNode, ThresholdNode } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { borrowed, type Operand, owned } from '../bitmaps/operand';
import type { EngineState } from '../engine-state';
import type { EventState } from '../events/event-state';
import { SHARD_SIZE } from '../shard';
import { evaluateEventScan } from './evaluate-event-scan';
import { evaluateSequenceScan } from './evaluate-sequence-scan';
import { evaluateTagTest } from './evaluate-tag-test';

/** Past this many bitmap operations a threshold is counted user by user instead. */
const THRESHOLD_OPERATIONS_MAX = 64;

/** First instant whose rows of a type are kept; −Infinity without retention. */
export type KeptFrom = (type: TagTypeDefinition) => number;

/**
 * Evaluates plan nodes on one shard at one moment: make one for each shard and question, use it synchronously. Each distinct node (by
 * key) is evaluated once. Bitmaps hold local positions.
 */
export class ShardEvaluator {
  readonly #results = new Map<string, RoaringBitmap32>();

  constructor(
    private readonly state: EngineState,
    private readonly shard: number,
    private readonly keptFrom: KeptFrom,
  ) {}

  /** The node's users; not to be changed. */
  bitmap(node: PlanNode): RoaringBitmap32 {
    const known = this.#results.get(node.key);
    if (known !== undefined) {
      return known;
    }
    const { bitmap } = this.#evaluate(node);
    this.#results.set(node.key, bitmap);
    return bitmap;
  }

  /** The node's size, without building its bitmap where the last operation can count instead. */
  count(node: PlanNode): number {
    const known = this.#results.get(node.key);
    if (known !== undefined) {
      return known.size;
    }
    switch (node.kind) {
      case 'intersect': {
        const [smallest, ...rest] = this.#ascending(node.inputs);
        if (smallest === undefined) {
          return 0;
        }
        const others = rest.length === 0 ? undefined : this.#intersectAll([smallest, ...rest.slice(0, -1)]);
        const largest = rest.at(-1);
        return others === undefined || largest === undefined ? smallest.size : others.bitmap.andCardinality(largest);
      }
      case 'difference': {
        const left = this.bitmap(node.left);
        return left.isEmpty ? 0 : left.andNotCardinality(this.bitmap(node.right));
      }
      default:
        return this.bitmap(node).size;
    }
  }

  #evaluate(node: PlanNode): Operand {
    switch (node.kind) {
      case 'universe':
        return borrowed(this.state.universe(this.shard));
      case 'empty':
      case 'snapshotRead':
        return owned(new RoaringBitmap32());
      case 'profileScan':
        return this.#intersectTests(node.tests.map((test) => () => evaluateTagTest(this.state, test, this.shard)));
      case 'kvRead':
        return evaluateTagTest(this.state, node.test, this.shard);
      case 'eventScan': {
        const events = this.#eventsOf(node.eventType);
        const scan = {
          events,
          shard: this.shard,
          where: node.where,
          interval: node.interval,
          keptFromMs: this.keptFrom(node.eventType),
        };
        return owned(evaluateEventScan(node, scan, this.state.universe(this.shard)));
      }
      case 'sequenceScan':
        return owned(
          evaluateSequenceScan(node, this.shard, (type) => ({
            events: this.#eventsOf(type),
            keptFromMs: this.keptFrom(type),
          })),
        );
      case 'listRead': {
        const members = this.state.lists.get(node.listId)?.shard(this.shard);
        return members === undefined ? owned(new RoaringBitmap32()) : borrowed(members);
      }
      case 'intersect':
        return this.#intersectAll(this.#ascending(node.inputs));
      case 'union':
        return owned(RoaringBitmap32.orMany(node.inputs.map((input) => this.bitmap(input))));
      case 'difference': {
        const left = this.bitmap(node.left);
        return left.isEmpty
          ? owned(new RoaringBitmap32())
          : owned(RoaringBitmap32.andNot(left, this.bitmap(node.right)));
      }
      case 'threshold':
        return owned(this.#threshold(node));
    }
  }

  #eventsOf(type: TagTypeDefinition): EventState {
    return this.state.eventType(type);
  }

  /** The inputs' bitmaps, smallest first; stops with an empty one, which decides an intersection. */
  #ascending(inputs: readonly PlanNode[]): RoaringBitmap32[] {
    const bitmaps: RoaringBitmap32[] = [];
    for (const input of inputs) {
      const bitmap = this.bitmap(input);
      if (bitmap.isEmpty) {
        return [bitmap];
      }
      bitmaps.push(bitmap);
    }
    return bitmaps
      .map((bitmap) => ({ bitmap, size: bitmap.size }))
      .sort((a, b) => a.size - b.size)
      .map(({ bitmap }) => bitmap);
  }

  #intersectAll(bitmaps: readonly RoaringBitmap32[]): Operand {
    const [first, second, ...rest] = bitmaps;
    if (first === undefined) {
      return owned(new RoaringBitmap32());
    }
    if (second === undefined) {
      return borrowed(first);
    }
    const result = RoaringBitmap32.and(first, second);
    for (const bitmap of rest) {
      if (result.isEmpty) {
        break;
      }
      result.andInPlace(bitmap);
    }
    return owned(result);
  }

  #intersectTests(tests: readonly (() => Operand)[]): Operand {
    let result: Operand | null = null;
    for (const test of tests) {
      if (result === null) {
        result = test();
      } else if (!result.bitmap.isEmpty) {
        const { bitmap } = test();
        result = owned(result.owned ? result.bitmap.andInPlace(bitmap) : RoaringBitmap32.and(result.bitmap, bitmap));
      }
    }
    return result ?? owned(new RoaringBitmap32());
  }

  /** Users in at least k of the inputs. Few inputs: level j holds those seen j times so far; many: a counter a user. */
  #threshold(node: ThresholdNode): RoaringBitmap32 {
    const inputs = node.inputs.map((input) => this.bitmap(input));
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
