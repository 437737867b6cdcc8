import { setTimeout as sleep } from 'node:timers/promises';

/** Something that waits to be sent together with others. */
interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupLineOptions<T, R> {
  /** Sends items in one statement, and calls `answered` when StarRocks has answered or never will. @returns a result for each, in their order. */
  readonly send: (items: readonly T[], answered: () => void) => Promise<readonly R[]>;
  /** Whether the item can go with those before it; else it goes with the next ones, and so does all behind it. */
  readonly fits: (item: T, before: readonly T[]) => boolean;
  /** A statement without an answer holds the others up no longer than this, ms. */
  readonly holdMs: number;
  /** So long the first of them waits for others, ms; left out: for those of the same turn. */
  readonly collectMs?: number;
}

/**
 * Group commit: while a statement is under way, what arrives waits, and goes together in the next one. So many who write little make few
 * statements, and one alone waits for nobody.
 */
export class GroupLine<T, R> {
  #waiting: Waiting<T, R>[] = [];
  #isSending = false;

  constructor(private readonly options: GroupLineOptions<T, R>) {}

  /** @throws what sending it with others throws. */
  add(item: T): Promise<R> {
    const done = new Promise<R>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
    });
    if (!this.#isSending) void this.#sendAll();
    return done;
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    const { collectMs } = this.options;
    await (collectMs === undefined ? Promise.resolve() : sleep(collectMs));
    while (this.#waiting.length > 0) {
      const group = this.#next();
      const holding = new AbortController();
      const held = sleep(this.options.holdMs, undefined, { signal: holding.signal, ref: false }).catch(() => undefined);
      await Promise.race([new Promise<void>((resolve) => void this.#send(group, resolve)), held]);
      holding.abort();
    }
    this.#isSending = false;
  }

  #next(): readonly Waiting<T, R>[] {
    const group: Waiting<T, R>[] = [];
    for (const one of this.#waiting) {
      const before = group.map(({ item }) => item);
      if (before.length > 0 && !this.options.fits(one.item, before)) break;
      group.push(one);
    }
    this.#waiting = this.#waiting.slice(group.length);
    return group;
  }

  async #send(group: readonly Waiting<T, R>[], answered: () => void): Promise<void> {
    try {
      const results = await this.options.send(
        group.map(({ item }) => item),
        answered,
      );
      group.forEach(({ resolve }, place) => {
        resolve(results[place] as R);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      answered();
    }
  }
}
