import { setTimeout as pause } from 'node:timers/promises';
import type { DataVersion } from '@tessera/audience';
import type { StarrocksSession, StatementOptions } from '../connection/starrocks-connection';
import { identifier, POSITIONS_TABLE } from '../schema/names';

const TRIES = 3;
/** How long, all tries together, an answer waits for a moment at which nobody is writing; at most this share of its time. */
const SETTLE_MS = 3_000;
const SETTLE_SHARE = 0.25;
const POLL_MS = 50;
const DAY_MS = 86_400_000;
const RECENT_MS = 100;
const STATEMENT =
  `SELECT sum(${identifier('sys_begun')}) AS begun, sum(${identifier('sys_next')}) AS next ` +
  `FROM ${identifier(POSITIONS_TABLE)}`;

/** How far all sources together have been written. */
interface Positions {
  /** Up to which writing has begun. */
  readonly begun: string;
  /** Up to which everything is visible. */
  readonly next: string;
  readonly atMs: number;
}

/**
 * Asks until the answer is of one moment: nobody was writing before it and nothing has been written since. A writer says what it begins before its
 * first row is visible and what it has finished after its last one, so equal sums on both sides mean that no row has become visible between. While somebody
 * is writing, no answer can be of one moment, so only the positions are asked for; if that does not end soon, or three tries were in vain, the answer is of no
 * single version.
 *
 * @param nowMs the question's own clock, which retention is judged by: its days count too, so that a step of retention is another version.
 */
export async function answerAtOneVersion<T>(
  session: StarrocksSession,
  ask: () => Promise<T>,
  { limits, nowMs }: { readonly limits: () => StatementOptions; readonly nowMs: number },
): Promise<{ readonly value: T; readonly dataVersion: DataVersion }> {
  const share = (limits().timeoutMs ?? Number.POSITIVE_INFINITY) * SETTLE_SHARE;
  const settleUntilMs = performance.now() + Math.min(SETTLE_MS, share);
  let before = recentOf(session) ?? (await positions(session, limits()));
  for (let left = TRIES - 1; ; left -= 1) {
    before = await settled(session, before, limits, settleUntilMs);
    const value = await ask();
    if (before.begun !== before.next) return { value, dataVersion: null };
    const after = await positions(session, limits());
    if (before.begun === after.begun && before.next === after.next) {
      return { value, dataVersion: dataVersionAt(Number(after.next), nowMs) };
    }
    if (left === 0) return { value, dataVersion: null };
    before = after;
  }
}

/** @param next sum of all positions. @param nowMs the clock that retention is judged by. */
export function dataVersionAt(next: number, nowMs: number): number {
  return next + Math.floor(nowMs / DAY_MS);
}

/** The first positions at which nobody is writing, or the last ones read in time. */
async function settled(
  session: StarrocksSession,
  first: Positions,
  limits: () => StatementOptions,
  untilMs: number,
): Promise<Positions> {
  let read = first;
  while (read.begun !== read.next && performance.now() < untilMs) {
    const { signal } = limits();
    await pause(POLL_MS, undefined, signal === undefined ? {} : { signal });
    read = await positions(session, limits());
  }
  return read;
}

async function positions(session: StarrocksSession, options: StatementOptions): Promise<Positions> {
  const [row] = await session.rows(STATEMENT, options);
  const read = { begun: String(row?.['begun'] ?? 0), next: String(row?.['next'] ?? 0), atMs: performance.now() };
  lastRead.set(session, read);
  return read;
}

/** Of each session the last positions read: sums only grow, and what a frontend shows never goes back. */
const lastRead = new WeakMap<StarrocksSession, Positions>();

/**
 * What stood at the end of an answer on this session just now stood before this one too, if it stands after it. Of an older one it is likely that
 * it does not, and then an answer would have been asked for in vain.
 */
function recentOf(session: StarrocksSession): Positions | undefined {
  const last = lastRead.get(session);
  return last !== undefined && performance.now() - last.atMs <= RECENT_MS ? last : undefined;
}
