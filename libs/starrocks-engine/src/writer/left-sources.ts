import { setTimeout as sleep } from 'node:timers/promises';
import { identifier, POSITIONS_TABLE } from '../schema/names';
import { BEGUN, NEXT, SOURCE, WRITER } from './load-sql';
import type { Claim, SourceClaims } from './source-claims';
import type { SureStatements } from './statements';

/** Between two looks. */
const LOOK_MS = 10_000;

/** Whether a source (`<topic>/<partition>`) is one that nobody reads or will read, by now. */
export type IsLeft = (source: string) => boolean;

interface Seen {
  /** Claim and positions. */
  readonly state: string;
  readonly sinceMs: number;
}

/**
 * Ends the rounds of sources that nobody reads any more. One that was broken off has begun what it has not ended, and no answer has a data version as long as
 * that is so; the next one to read the source would end it, but of a tag type that was removed there is none. docs/decisions/0026 says why this is safe.
 */
export class LeftSources {
  #seen: ReadonlyMap<string, Seen> = new Map();
  #lookedMs = -Infinity;
  readonly #closing = new AbortController();

  constructor(
    private readonly claims: Pick<SourceClaims, 'claim' | 'end'>,
    private readonly statements: SureStatements,
    private readonly lookMs = LOOK_MS,
  ) {}

  /**
   * Looks, if the last look is some time ago, and ends what has stood still since for longer than anybody takes who is at work on it. May take three limits of time.
   * @param left asked at each look; null: it is not known now. @returns those ended. @throws StarrocksError
   */
  async settle(left: () => Promise<IsLeft | null>): Promise<readonly string[]> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < this.lookMs || this.#closing.signal.aborted) return [];
    this.#lookedMs = nowMs;
    const isLeft = await left();
    if (isLeft === null) return [];
    this.#seen = await this.#look(isLeft, nowMs);
    // Whoever claims such a source ends it within two such times: two processes that look do not take it from each other for ever.
    const stillMs = 2 * this.statements.lingerMs + this.lookMs;
    const due = [...this.#seen].filter(([, { sinceMs }]) => nowMs - sinceMs > stillMs).map(([source]) => source);
    if (due.length === 0) return [];
    const claims = await Promise.all(due.map(async (source) => [source, await this.claims.claim(source)] as const));
    return this.#end(new Map(claims.filter(([, { begun, next }]) => begun !== next)), isLeft);
  }

  /** Nothing that waits is ended. */
  close(): void {
    this.#closing.abort();
  }

  async #look(isLeft: IsLeft, nowMs: number): Promise<ReadonlyMap<string, Seen>> {
    const [source, writer, begun, next] = [SOURCE, WRITER, BEGUN, NEXT].map(identifier);
    const rows = await this.statements.pool.rows(
      `SELECT ${source}, ${writer}, ${begun}, ${next} FROM ${identifier(POSITIONS_TABLE)} WHERE ${begun} <> ${next}`,
    );
    const seen = new Map<string, Seen>();
    for (const row of rows) {
      const name = String(row[SOURCE]);
      if (!isLeft(name)) continue;
      const state = JSON.stringify([row[WRITER], row[BEGUN], row[NEXT]]);
      const before = this.#seen.get(name);
      seen.set(name, before?.state === state ? before : { state, sinceMs: nowMs });
    }
    return seen;
  }

  /** @param claims of sources that have begun more than they have ended. */
  async #end(claims: ReadonlyMap<string, Claim>, isLeft: IsLeft): Promise<readonly string[]> {
    if (claims.size === 0) return [];
    const fromMs = Math.max(...[...claims.values()].map((claim) => claim.fromMs));
    const { signal } = this.#closing;
    await sleep(Math.max(0, fromMs - performance.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return [];
    const ended: string[] = [];
    for (const [source, { writer, begun, next }] of claims) {
      // Somebody may have claimed it meanwhile: then it is theirs, and nothing is written.
      if (!isLeft(source)) continue;
      const lost = await this.claims.end(
        new Map([[source, writer]]),
        new Map([[source, { from: next, through: begun }]]),
      );
      if (lost.length === 0) ended.push(source);
    }
    return ended;
  }
}
