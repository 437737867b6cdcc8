import { randomUUID } from 'node:crypto';
import { groupOf } from '@tessera/redis';
import type { RedisConnection } from '@tessera/redis';
import type { Guid } from '@tessera/tag-catalog';
import { BATCH_CUIDS, CuidBatch } from '../cuid-batch';
import { MappingStoreUnavailableError } from '../resolve/mapping-store';
import type { Binding, MappingStore } from '../resolve/mapping-store';
import { itemOf } from './redis-item';
import * as scripts from './scripts';

/** Groups of cuids; each lies in one slot of a Redis Cluster. Not to be changed once something is stored. */
const GROUPS = 32;
const PREFIX = 'tessera:id:';

/** Items of one group, and where they stand in the question. */
interface Share {
  readonly key: string;
  readonly items: Buffer[];
  readonly places: number[];
}

/** An entry of the mapping log. */
export interface LoggedEntry {
  readonly op: 'bind' | 'erase';
  readonly cuid: string;
  readonly guid: Guid;
}

/** A restoration under way. All throw MappingStoreUnavailableError if somebody else has begun one meanwhile. */
export interface RedisRestore {
  /** A sign of life: to be given every few seconds, see `restore`. */
  renew(): Promise<void>;
  /** Entries of the mapping log, those of one cuid in its order; from the beginning, or from the checkpoint. */
  enter(entries: readonly LoggedEntry[]): Promise<void>;
  /** All that was ever logged is entered: from now on the server answers. */
  open(): Promise<void>;
}

/** The mapping in Redis 6.2 or newer, single or Cluster: docs/formats/redis-identity.md. */
export class RedisMappingStore implements MappingStore {
  readonly #batch = new CuidBatch(0);

  /** @param prefix what all keys begin with. */
  constructor(
    private readonly redis: RedisConnection,
    private readonly prefix = PREFIX,
  ) {}

  async find(cuids: readonly string[], out: Uint32Array): Promise<readonly number[]> {
    const unlogged: number[] = [];
    await this.#eachShare(cuids, async ({ key, items, places }) => {
      const guids = await this.redis.numbers(scripts.FIND, key, items);
      take(guids, places, out, unlogged);
    });
    return unlogged.sort((a, b) => a - b);
  }

  async bind(cuids: readonly string[], candidates: Uint32Array, out: Uint32Array): Promise<readonly number[]> {
    const unlogged: number[] = [];
    await this.#eachShare(cuids, async ({ key, items, places }) => {
      const pairs = items.flatMap((item, index) => [item, String(candidates[places[index]!])]);
      take(await this.redis.numbers(scripts.BIND, key, pairs), places, out, unlogged);
    });
    return unlogged.sort((a, b) => a - b);
  }

  async holds(bindings: readonly Binding[]): Promise<boolean> {
    let areAll = true;
    await this.#eachPairs(bindings, async (key, pairs) => {
      areAll &&= (await this.redis.number(scripts.HOLDS, key, pairs)) === 1;
    });
    return areAll;
  }

  async confirm(bindings: readonly Binding[]): Promise<void> {
    await this.#eachPairs(bindings, async (key, pairs) => {
      await this.redis.number(scripts.CONFIRM, key, pairs);
    });
  }

  async unbind(cuid: string): Promise<readonly Guid[]> {
    const { key, item } = this.#one(cuid);
    const guids = await available(this.redis.text(scripts.UNBIND, key, [item]));
    return guids === '' ? [] : guids.split(',').map((guid) => Number(guid) as Guid);
  }

  async confirmErased(cuid: string, guids: readonly Guid[]): Promise<void> {
    const { key, item } = this.#one(cuid);
    await available(this.redis.number(scripts.CONFIRM_ERASED, key, [item, ...guids.map(String)]));
  }

  /**
   * Brings a server up to date, in any state.
   * @param isWhole the log will be entered from its beginning; until it is opened the server answers nothing. Else from the checkpoint.
   * @throws MappingStoreUnavailableError while another process is at it that has given a sign of life in the last 10 s.
   */
  async restore(isWhole: boolean): Promise<RedisRestore> {
    const token = randomUUID();
    const takeTurn = async (): Promise<void> => {
      demandTurn(await available(this.redis.number(scripts.TAKE_RESTORE, this.#keyOf(0), [token])));
    };
    await takeTurn();
    const extent = isWhole ? 'all' : 'tail';
    const begun = this.#keys().map((key) => this.redis.number(scripts.BEGIN_RESTORE, key, [token, extent]));
    await available(Promise.all(begun));
    return {
      renew: takeTurn,
      enter: async (entries) => {
        const signed = entries.map(({ op, cuid, guid }) => ({ cuid, guid: op === 'erase' ? -Number(guid) : guid }));
        await this.#eachPairs(signed, async (key, pairs) => {
          demandTurn(await this.redis.number(scripts.RESTORE, key, [token, ...pairs]));
        });
      },
      open: async () => {
        const ended = this.#keys().map((key) => this.redis.number(scripts.END_RESTORE, key, [token]));
        (await available(Promise.all(ended))).forEach(demandTurn);
      },
    };
  }

  /**
   * Writes down up to where in the mapping log (Kafka partition → position) everything is here. Redis loses newest writes first, also to a replica that
   * takes over: where this is left, so is everything that was written before it.
   */
  async setCheckpoint(positions: ReadonlyMap<number, number>): Promise<void> {
    const text = [...positions].map(([partition, position]) => `${partition}:${position}`).join(',');
    await available(Promise.all(this.#keys().map((key) => this.redis.number(scripts.SET_CHECKPOINT, key, [text]))));
  }

  /** What was written down last, as far as it is left, in a server of any state. Kafka partitions without a position are left out. */
  async checkpoint(): Promise<ReadonlyMap<number, number>> {
    const texts = await available(Promise.all(this.#keys().map((key) => this.redis.text(scripts.CHECKPOINT, key, []))));
    // Groups may lie on different servers, of which each has lost something else.
    return texts.map(readPositions).reduce(leastOfBoth);
  }

  /** `empty`: some of it was never filled, or emptied, or is being filled; `behind`: restarted since it was opened, so that its newest writes may be lost. */
  async state(): Promise<'open' | 'behind' | 'empty'> {
    const states = await available(Promise.all(this.#keys().map((key) => this.redis.text(scripts.STATE, key, []))));
    if (states.includes('empty')) return 'empty';
    return states.includes('behind') ? 'behind' : 'open';
  }

  /** cuids that are bound, and how many of these bindings are unlogged. */
  async size(): Promise<{ readonly entries: number; readonly unlogged: number }> {
    const sizes = await available(Promise.all(this.#keys().map((key) => this.redis.numbers(scripts.SIZE, key, []))));
    return {
      entries: sizes.reduce((sum, [entries = 0]) => sum + entries, 0),
      unlogged: sizes.reduce((sum, [, unlogged = 0]) => sum + unlogged, 0),
    };
  }

  async erasures(): Promise<number> {
    const counts = await available(
      Promise.all(this.#keys().map((key) => this.redis.number(scripts.ERASURES, key, []))),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  #keys(): string[] {
    return Array.from({ length: GROUPS }, (_, group) => this.#keyOf(group));
  }

  #keyOf(group: number): string {
    return `{${this.prefix}${group}}`;
  }

  #one(cuid: string): { readonly key: string; readonly item: Buffer } {
    this.#batch.load([cuid], 0, 1);
    const item = itemOf(this.#batch, 0);
    return { key: this.#keyOf(groupOf(item, GROUPS)), item };
  }

  #shares(cuids: readonly string[]): Share[] {
    const shares: (Share | undefined)[] = [];
    for (let start = 0; start < cuids.length; start += BATCH_CUIDS) {
      const end = Math.min(start + BATCH_CUIDS, cuids.length);
      this.#batch.load(cuids, start, end);
      for (let place = start; place < end; place++) {
        const item = itemOf(this.#batch, place - start);
        const group = groupOf(item, GROUPS);
        const share = (shares[group] ??= { key: this.#keyOf(group), items: [], places: [] });
        share.items.push(item);
        share.places.push(place);
      }
    }
    return shares.filter((share) => share !== undefined);
  }

  /** All at once; the first failure is the answer's when all have ended. */
  async #eachShare(cuids: readonly string[], ask: (share: Share) => Promise<void>): Promise<void> {
    const outcomes = await Promise.allSettled(this.#shares(cuids).map((share) => ask(share)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw asUnavailable(outcome.reason);
  }

  async #eachPairs(
    bindings: readonly { readonly cuid: string; readonly guid: number }[],
    ask: (key: string, pairs: (Buffer | string)[]) => Promise<void>,
  ): Promise<void> {
    const cuids = bindings.map(({ cuid }) => cuid);
    await this.#eachShare(cuids, async ({ key, items, places }) => {
      await ask(
        key,
        items.flatMap((item, index) => [item, String(bindings[places[index]!]!.guid)]),
      );
    });
  }
}

/** Negative: unlogged. */
function take(guids: readonly number[], places: readonly number[], out: Uint32Array, unlogged: number[]): void {
  guids.forEach((guid, index) => {
    const place = places[index]!;
    out[place] = Math.abs(guid);
    if (guid < 0) unlogged.push(place);
  });
}

async function available<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw asUnavailable(error);
  }
}

/** @param answer of a script that restores. */
function demandTurn(answer: number): void {
  if (answer === 0) throw new MappingStoreUnavailableError('behind', 'another process is bringing Redis up to date');
}

function asUnavailable(error: unknown): unknown {
  if (error instanceof MappingStoreUnavailableError || error instanceof RangeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('TESSERAEMPTY')) {
    return new MappingStoreUnavailableError(
      'empty',
      'Redis holds no identity, or was emptied; a mapping worker fills it from the mapping log',
      { cause: error },
    );
  }
  if (text.includes('TESSERABEHIND')) {
    return new MappingStoreUnavailableError(
      'behind',
      'Redis was restarted and is not up to date with the mapping log',
      {
        cause: error,
      },
    );
  }
  return new MappingStoreUnavailableError('unreachable', `Redis does not answer: ${text}`, { cause: error });
}

/** Of `partition:position,…`. */
function readPositions(text: string): ReadonlyMap<number, number> {
  const pairs = text === '' ? [] : text.split(',').map((pair) => pair.split(':').map(Number));
  return new Map(pairs.map(([partition = 0, position = 0]) => [partition, position]));
}

function leastOfBoth(
  one: ReadonlyMap<number, number>,
  other: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const both = [...one].filter(([partition]) => other.has(partition));
  return new Map(both.map(([partition, position]) => [partition, Math.min(position, other.get(partition) ?? 0)]));
}
